#!/bin/sh
# Counts the user-space instructions of each work of benches/data_stream/, by callgrind: the
# difference of two run lengths. The head of benches/data_stream/main.rs says what the rows are. Where
# there is a C++ compiler and Qt 6 (Debian's qt6-base-dev), it also counts Qt's own QDataStream, in
# rows that begin with `qt_`.
#
#   benches/data_stream.sh [WORK..]
#   RECORDS=10000 benches/data_stream.sh [WORK..]       of so many records; 1,000,000 by default
set -eu
cd "$(dirname "$0")/.."
binary=$(cargo bench --package slotwire-benches --bench data_stream --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*data_stream-[^"]*\)".*/\1/p' | tail -n 1)
[ "$binary" ] || { echo "the benchmark does not compile: cargo bench --package slotwire-benches --bench data_stream" >&2; exit 1; }
qt=target/data_stream_qt
# shellcheck disable=SC2046
if ! flags=$(pkg-config --cflags --libs Qt6Core 2>/dev/null) ||
    ! g++ -O2 -fPIC -o "$qt" benches/data_stream/qt.cpp $flags; then
    echo 'no g++ with Qt 6: Qt is not counted (apt-get install g++ pkg-config qt6-base-dev)' >&2
    qt=
fi
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" "$3" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
for work in ${*:-write read write_beyond_ascii read_beyond_ascii write_whole read_whole \
    write_numbers read_numbers write_serde read_serde write_postcard read_postcard \
    write_borsh read_borsh numbers_resumed numbers numbers_anew strings_resumed \
    strings strings_anew}; do
    case $work in numbers* | strings*) few=0 many=1 ;; *) few=1000 many=$((1000 + ${RECORDS:-1000000})) ;; esac
    one=$(count "$binary" "$work" $few)
    echo "$work $((($(count "$binary" "$work" $many) - one) / (many - few)))"
    case $work in *_whole | *_serde | *_postcard | *_borsh | numbers* | strings*) continue ;; esac
    [ "$qt" ] || continue
    one=$(count "$qt" "$work" $few)
    echo "qt_$work $((($(count "$qt" "$work" $many) - one) / (many - few)))"
done
