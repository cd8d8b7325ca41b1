#!/bin/bash
# crmx generation verify finds any flipped byte: in each file of a generation bytes are flipped one after the other, the first or the
# last and one between, also in files that are linked from the night before and in archived inputs; each time verify has to fail and
# to name the file. A file that is shortened, longer or missing, too. FLIPS=2 flips two bytes of each file; the default, 1, the
# first, the last or one between in turn.
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
work=$W/work bank=$W/bank seed=${SEED:-1}
RANDOM=$seed
FLIPS=${FLIPS:-1}

verify() { crmx --work "$work" generation verify --unit 11 "$@"; }
night() { # KIND DATE [SUBFOLDER]
    rm -rf "$work/inbox/11" && mkdir -p "$work/inbox/11" && cp "$bank/$2/${3:-.}"/* "$work/inbox/11/" 2>/dev/null
    crmx --work "$work" --set database.mode=none --quiet run "$1" --unit 11 --date "$2" --no-follow
    check "$1 $2" [ "$RC" = 0 ]
}
# The file is named by what verify says is damaged.
named() { # FILE
    [ "$RC" != 0 ] || { echo "verify finds nothing wrong"; return 1; }
    grep -hE 'DAMAGED|ERROR' "$W/out" "$W/err" | grep -qF -- "$1" || { echo "verify does not name $1"; cat "$W/err"; return 1; }
}
flip() { # PATH OFFSET BIT: one bit of one byte
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %x $((byte ^ 1 << $3)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
random() { echo $(((RANDOM * 32768 + RANDOM) % $1)); }

"$GENERATE" "$bank" --from 2028-02-28 --days 2 --customers 120 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 16
"$CRMX" init "$work" --quiet
small_bank "$work"
printf '\n[averages]\ndemand_month = month demand_cny\n' >>"$work/units/11.ini"
night initial 2028-02-28 unload
night daily 2028-02-29
night daily 2028-03-01
generation=$(checks_generation "$work" 11)
verify
check "whole" [ "$RC" = 0 ]

files=0 linked=0 flips=0
while IFS= read -r path; do
    name=${path#"$generation"/}
    size=$(stat -c %s "$path")
    files=$((files + 1))
    [ "$(stat -c %h "$path")" -gt 1 ] && linked=$((linked + 1))
    if [ "$size" = 0 ]; then
        chmod 644 "$path" && printf x >>"$path" && verify
        check "a byte in the empty $name" named "$name"
        : >"$path"
        continue
    fi
    chmod 644 "$path"
    offsets=($((files % 2 ? 0 : size - 1)) "$(random "$size")")
    [ "$FLIPS" = 2 ] || offsets=("${offsets[files / 2 % 2]}")
    for offset in "${offsets[@]}"; do
        bit=$(random 8)
        flip "$path" "$offset" "$bit"
        verify
        flips=$((flips + 1))
        check "$name, byte $offset, bit $bit" named "$name"
        flip "$path" "$offset" "$bit"
    done
done < <(find "$generation" -type f | LC_ALL=C sort)
check "files were flipped" [ $flips -gt $((100 * FLIPS)) ]
check "linked ones among them" [ $linked -gt 20 ]
verify
check "whole again" [ "$RC" = 0 ]

# --- not only bytes ---

for name in customer.seg source.dir in/2028-02-28.001.1/RTLACCT.1101.20280228 out/CRMCUST events.tsv; do
    path=$generation/$name
    [ -e "$path" ] || path=$(find "$generation" -maxdepth 1 -name '*.dir' | head -1) name=${path#"$generation"/}
    cp "$path" "$W/kept" && chmod 644 "$path"
    printf '\0' >>"$path" && verify
    check "$name is longer" named "$name"
    cp "$W/kept" "$path" && truncate -s -1 "$path" && verify
    check "$name is shorter" named "$name"
    rm "$path" && verify
    check "$name is missing" named "$name"
    cp "$W/kept" "$path"
done
verify
check "whole at the end" [ "$RC" = 0 ]
echo "$files files, $linked of them linked, $flips bytes flipped"
checks_end
