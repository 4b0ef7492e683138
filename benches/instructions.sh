#!/bin/sh
# Counts the user-space instructions of each work of benches/instructions.rs, by callgrind: the
# difference of two run lengths, so it repeats exactly on any machine of the same architecture.
# Only the rows of timers, which depend on the time at which the run starts, and `post_thread` vary,
# by less than 1 %. The head of benches/instructions.rs says what the rows are. Rows that are derived
# from others come last.
#
#   benches/instructions.sh [WORK..]
set -eu
cd "$(dirname "$0")/.."
binary=$(cargo bench --package slotwire-benches --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -n 1)
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
# derive NAME WORDS: prints the value of the words, each an operator or `of_` and a counted work,
# unless one of the works was not counted.
derive() {
    name=$1
    shift
    for word; do
        case $word in of_*) eval "[ \${$word:-} ]" || return 0 ;; esac
    done
    echo "$name $(($*))"
}
for work in ${*:-by_hand0 emit0 by_hand1 emit1 by_hand10 emit10 by_hand100 emit100 inside \
    chain emit1_in unheard unheard_base connect child tree index index_mut queued_by_hand queued \
    post post_thread post_own later \
    task_yield task_stream task_next task_with timers_by_hand timers qtimers ticks restarts \
    datagram1 datagram11 datagram_sent echo_direct echo_socks5 echo_peer \
    message_line message_line_by_hand message_block message_block_by_hand \
    skip fill_buf line_by_std line_by_std_text line line_text peek peek_text peek_all_text}; do
    few=$(count "$work" 1000)
    many=$(count "$work" 11000)
    counted=$(((many - few) / 10000))
    eval "of_$work=$counted"
    echo "$work $counted"
done
derive each_slot \( of_emit100 - of_emit10 \) / 90
derive second_in of_emit1_in - of_chain
derive second_in_extra of_emit1_in - 2 '*' of_chain
derive unheard_in of_unheard - of_unheard_base
derive datagram_wake of_datagram1 - of_datagram_sent
derive datagram_further \( of_datagram11 - of_datagram1 \) / 10 - of_datagram_sent
derive queued_rest of_queued - of_emit1 + \( of_emit100 - of_emit10 \) / 90
derive echo of_echo_direct - of_echo_peer
derive echo_tunnel of_echo_socks5 - of_echo_peer
