#!/bin/sh
# Counts the user-space instructions of each work of benches/growth/ beside little and beside much
# of what it could depend on, by callgrind, and prints both numbers and their ratio. Each number is
# the difference of two run lengths, so that the preparation does not count. Columns: the work; the
# instructions of one call beside 1,000; beside 100,000, or beside the number that is given; how many
# times as much that is.
#
#   benches/growth.sh [WORK..]
set -eu
cd "$(dirname "$0")/.."
binary=$(cargo bench --package slotwire-benches --bench growth --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*growth-[^"]*\)".*/\1/p' | tail -n 1)
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" "$3" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
# beside WORK SIZE PARTS FEW MANY: prints what one call costs beside so much, or each part of it.
beside() {
    few=$(count "$1" "$2" "$4")
    many=$(count "$1" "$2" "$5")
    echo $(((many - few) / ($5 - $4) / $3))
}
"$binary" list | while read -r work few many little of_little much of_much; do
    case " ${*:-$work} " in *" $work "*) ;; *) continue ;; esac
    one=$(beside "$work" "$little" "$of_little" "$few" "$many")
    other=$(beside "$work" "$much" "$of_much" "$few" "$many")
    ratio=$(((other * 100 + one / 2) / (one > 0 ? one : 1)))
    [ "$much" = 100000 ] && at= || at=" (at $much)"
    printf '%s %s %s %d.%02d%s\n' "$work" "$one" "$other" $((ratio / 100)) $((ratio % 100)) "$at"
done
