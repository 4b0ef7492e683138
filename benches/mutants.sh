#!/bin/sh
# Changes one folder of the library in one place at a time, as a mistake would, and looks whether a
# test notices.
#
#   benches/mutants.sh FOLDER [EVERY [FIRST]]
#
# FOLDER is one of `src/`, or one in there, or `macros`: `sim`, `net/socket`. Of its changes, every
# EVERY-th is tried, from the FIRST: `benches/mutants.sh sim 20` takes the changes 1, 21, 41 and so
# on. Without these numbers all are tried. A change takes a quarter of a minute on an idle machine.
#
# What was changed and which tests noticed is in target/mutants/<folder>/mutants.out; `missed.txt` is
# the list to work through. .cargo/mutants.toml says what is not changed.
#
# Needs cargo-mutants and cargo-nextest, both by `cargo install --locked`; uses mold if it is there.
set -eu
cd "$(dirname "$0")/.."

folder=${1:?which folder of src/, or macros?}
folder=${folder%/} every=${2:-1} first=${3:-1}
case $folder in
macros) package=slotwire-macros files='macros/src/**/*.rs' ;;
*) package=slotwire files="src/$folder/**/*.rs" ;;
esac

# The tests that speak of the folder. Each is linked anew for every change, so none is here that
# finds nothing the others do not find.
sockets='--lib conformance socket_model tcp_socket udp_socket' filter=
case $folder in
object*)
    tests='--lib allocation connection context delivery_model destroy handle lifecycle macros object
        panic runtime_end signal timing trace tree turn'
    ;;
event_loop*)
    tests='--lib event_loop foreign_loop notifier remote runtime_end thread timer timing turn
        udp_socket wait'
    # The tests of the timer queue, which take seconds, are for these changes alone.
    filter=--cargo-test-arg=--ignore-default-filter
    ;;
io) tests='--lib buffer conformance device tcp_socket trace udp_socket' ;;
net/interface | net/names) tests='--lib host_info network_interface simulation' ;;
net/proxy*) tests='--lib layers proxy' ;;
net/server | net/shared)
    tests="$sockets blocking host_info own_socket proxied_server proxy runtime_end simulation
        tcp_server wait"
    ;;
net | net/*)
    tests="$sockets blocking hostile_peer layers link_local network_datagram own_socket proxied_server
        proxy socket_error tcp_server wait"
    ;;
sim*) tests="$sockets both_networks link_local simulation tcp_server" ;;
macros) tests='--lib device macros own_socket ui' ;;
*)
    echo "no tests are named for $folder" >&2
    exit 2
    ;;
esac

results=$PWD/target/mutants
output=$results/$(echo "$folder" | tr / +)
rm -rf "${output:?}"
mkdir -p "$output"

# The tests are linked anew for every change.
export CARGO_TARGET_DIR="$results/build" CARGO_INCREMENTAL=1
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
if command -v mold > /dev/null; then
    export RUSTFLAGS='-C link-arg=-fuse-ld=mold'
fi
# Properties try fewer cases than usual.
export PROPTEST_CASES=300

set -- $filter
for test in $tests; do
    case $test in
    --*) set -- "$@" "--cargo-arg=$test" ;;
    *) set -- "$@" "--cargo-arg=--test=$test" ;;
    esac
done
# A change that hangs is ended by the limit of its test, long before this one.
nice -n 19 cargo mutants --package "$package" --test-package slotwire --test-package slotwire-tests --test-package ui --test-package "$package" \
    --file "$files" "$@" --shard "$((first - 1))/$every" --sharding round-robin --jobs 1 \
    --timeout 900 --output "$output" --colors never || case $? in
2 | 3) ;; # Some were missed or hung, which is a result.
*) exit 1 ;;
esac

# What the macros write may be refused by the compiler, which is noticed too. cargo-mutants calls it
# unviable, as a change that does not compile itself.
if [ "$folder" = macros ]; then
    echo "of the unviable, noticed by the compiler in what the macros write:" \
        "$(grep -l 'could not compile `slotwire`' "$output"/mutants.out/log/*.log | wc -l)"
fi
