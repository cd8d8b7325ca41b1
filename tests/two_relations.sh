# two_relations.sh: the made-up bank's retail names owners in two kinds of relation files; sourced by bash.
#
#     two_relations WORK         two layouts, retail_relation and retail_joint, and their change lists, in a working folder
#     split_relations INBOX      RTLREL… and RTLRELCHG… there become two files each: an account is always in the same kind, by its digits
two_relations() {
    local layouts=$1/layouts name
    for name in retail_relation retail_relation_change; do
        sed -i -e '/^\[header\]/,/^$/d' -e '/^\[trailer\]/,/^$/d' -e 's/^complete .*/complete = none/' -e 's/^reject_limit .*/reject_limit = 100%/' "$layouts/$name.ini"
        sed -e 's/retail_relation/retail_joint/' -e 's/RTLREL/RTLJNT/' "$layouts/$name.ini" >"$layouts/${name/relation/joint}.ini"
    done
    sed -i -e '/^layouts /s/ retail_relation/& retail_joint/' -e '/^changes /s/ retail_relation_change/& retail_joint_change/' "$1"/units/11.ini
}
split_relations() {
    local file
    for file in "$1"/RTLREL*; do
        [ -f "$file" ] && [ ! -f "${file/RTLREL/RTLJNT}" ] || continue
        LC_ALL=C awk -v joint="${file/RTLREL/RTLJNT}" -v rest="$file.rest" 'BEGIN { printf "" >joint; printf "" >rest }
            /^(HDR|TRL)/ { next }
            { for (i = sum = 0; i < 22; i++) sum += substr($0, i + 1, 1)
              print >(sum % 2 ? joint : rest) }' "$file"
        mv "$file.rest" "$file"
    done
}
