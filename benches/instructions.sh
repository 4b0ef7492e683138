#!/bin/sh
# Counts the user-space instructions of each work of benches/instructions.rs, by callgrind: the
# difference of two run lengths, so it repeats exactly on any machine of the same architecture.
set -eu
cd "$(dirname "$0")/.."
binary=$(cargo bench --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -n 1)
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
for work in ${*:-by_hand0 emit0 by_hand1 emit1 by_hand10 emit10 by_hand100 emit100 inside \
    unheard unheard_base queued_by_hand queued timers_by_hand timers ticks restarts post connect \
    skip fill_buf line_by_std line_by_std_text line line_text peek peek_text peek_all_text}; do
    few=$(count "$work" 1000)
    many=$(count "$work" 11000)
    echo "$work $(((many - few) / 10000))"
done
