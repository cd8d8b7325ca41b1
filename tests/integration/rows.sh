# rows.sh: compares the rows of --csv, as a CSV reader of another house finds them, with those of --json; sourced by bash behind checks.sh.
#
#     same_rows KEY ROWS-MIN ARGUMENT …     KEY "-": the answer is the rows; "KEY!" asks for them with --rows
cat >"$W/compare.py" <<'PYTHON'
"""compare.py CSV JSON [KEY]: the rows of both are the same, read by Python's csv module."""
import csv, json, re, sys

# Thousands are grouped for people only; a sentence may do as it likes.
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?( |$)")
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8", newline=""), strict=True))
answer = json.load(open(sys.argv[2], encoding="utf-8"))
if len(sys.argv) > 3:
    answer = answer[sys.argv[3]]
if isinstance(answer, dict):  # a section of values: a table of one row
    answer = [{k: str(v).lower() if isinstance(v, bool) else v for k, v in answer.items()}]
if answer:
    assert rows[0] == list(answer[0]), (rows[0], list(answer[0]))
assert len(rows) == len(answer) + 1, (len(rows), len(answer))
for row, expected in zip(rows[1:], answer):
    expected = ["" if v is None else str(v) for v in expected.values()]
    assert row == expected, (row, expected)
    assert not any(GROUPED.match(cell) for cell in row), row
print(len(answer))
PYTHON

same_rows() {
    local key=${1%!} least=$2 json_code count choose=()
    [ "$key" = "$1" ] || choose=(--rows "$key")
    shift 2
    crmx "$@" --json
    json_code=$RC
    cp "$W/out" "$W/json"
    crmx "$@" --csv "${choose[@]}"
    check "$* --csv: exit code $RC, as with --json: $json_code" [ "$RC" = "$json_code" ]
    [ "$key" = - ] && key=
    check "$* --csv ${choose[*]}: the rows of --json" python3 -IS "$W/compare.py" "$W/out" "$W/json" $key
    count=$(tail -n 1 "$W/check")
    check "$* --csv ${choose[*]}: at least $least rows, found $count" [ "$count" -ge "$least" ]
}
