# small_bank.sh: what the tests that let a made-up bank of some hundred customers live on share; sourced by bash.
#
#     small_bank WORK        the template unit of a working folder: no targets, no gates (a small bank jumps from day to day)
#     gates_off UNIT_FILE    the second alone
gates_off() {
    sed -i 's/^orphans = 5%.*/orphans = off\nrows = off\npopulation = off\nsums = off\ncustomers = off\nselected = off\ntiers = off\nrates = off/' "$1"
}
small_bank() {
    sed -i '/^\[target/,$d' "$1/units/11.ini"
    gates_off "$1/units/11.ini"
}
