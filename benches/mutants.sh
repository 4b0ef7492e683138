#!/bin/sh
# Changes the library in one place at a time, as a mistake would, and looks whether a test notices.
#
#   benches/mutants.sh [PART..]
#
# There are some thousands of such changes. They are dealt out to 26 parts, so that each part has
# about a hundred from all over the object, device, socket and simulation floors; without arguments
# it takes the parts 1, 2 and 3. A part takes half an hour on an idle machine. What was changed and
# which tests noticed is in target/mutants/<part>/mutants.out; `missed.txt` is the list to work
# through.
# .cargo/mutants.toml says what is changed and which tests run.
#
# Needs cargo-mutants and cargo-nextest, both by `cargo install --locked`; uses mold if it is there.
set -eu
cd "$(dirname "$0")/.."
results=$PWD/target/mutants
mkdir -p "$results"

# The tests are linked anew for every change.
export CARGO_TARGET_DIR="$results/build" CARGO_INCREMENTAL=1
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
if command -v mold > /dev/null; then
    export RUSTFLAGS='-C link-arg=-fuse-ld=mold'
fi
# Properties try fewer cases than usual.
export PROPTEST_CASES=300

[ $# -gt 0 ] || set -- 1 2 3
for part; do
    rm -rf "${results:?}/$part"
    mkdir "$results/$part"
    # One that hangs is ended by its own limit, long before this one.
    nice -n 19 cargo mutants --shard "$((part - 1))/26" --sharding round-robin --jobs 1 \
        --timeout 300 --output "$results/$part" --colors never || case $? in
    2 | 3) ;; # Some were missed or hung, which is a result.
    *) exit 1 ;;
    esac
done

for part; do
    cat "$results/$part"/mutants.out/outcomes.json
done | sed -n 's/^ *"summary": "\(.*\)",*$/\1/p' | sort | uniq -c
