# The order of system calls that makes a generation durable (base/os.h, "Durability order"; etl/attempt.h), checked on a call log
# (CRMX_CALL_LOG) of one whole run with one thread. Prints one line a broken rule, nothing when all hold. The power cut that would
# show such a mistake cannot be made here; the order can be read.
#
#   1  whatever lies in gen.tmp is fsynced after its last write, its folders after their last entry, before gen.tmp is renamed
#   2  an archived input counts as written when it is linked into gen.tmp (so rule 1 holds for it)
#   3  gen/ and the run's folder are fsynced after that rename, and before CURRENT names the generation
#   4  numbers is replaced, and durable, before CURRENT: a number is never given twice
#   5  what is replaced whole (NAME.tmp renamed to NAME) is fsynced before the rename, its folder after it
#   6  every line of the journal is fsynced before anything else happens; "committed" comes after CURRENT

function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
function broken(rule, what) { print "rule " rule ": " what " (call " $1 ")" }
function entry(path) { entries[folder(path)] = $1 }

{
    call = $2
    path = $3
    sub(/\/$/, "", path) # folders may be named with their slash
    if (journal != "" && !(call == "fsync" && path == journal)) {
        broken(6, "the journal's line was not fsynced before " call " " path)
        journal = ""
    }
}

call == "write" && path ~ /\/journal$/ { journal = path; if (committed) after_commit = 1; next }
call == "create" || call == "write" || call == "copy" { unsynced[path] = $1; if (call == "create") entry(path) }
call == "mkdir" || call == "link" { entry(path) }
call == "link" && path ~ /\/gen\.tmp\/in\// { unsynced[path] = $1 } # its bytes may be young: rule 1 asks for an fsync by this name
call == "fsync" {
    synced[path] = $1
    delete unsynced[path]
    delete entries[path]
    if (path == journal) journal = ""
}
call == "rename" {
    from = path ".tmp"
    if (from in unsynced) { broken(5, from " was renamed before it was fsynced"); delete unsynced[from] }
    entry(path)
}
call == "rename" && path ~ /\/gen\/[^\/]*$/ {
    published = path
    for (p in unsynced) if (p ~ /\/gen\.tmp\//) broken(1, p " was published before it was fsynced")
    for (p in entries) if (p ~ /\/gen\.tmp(\/|$)/) broken(1, "folder " p " was published before it was fsynced")
}
call == "rename" && path ~ /\/numbers$/ { numbers = $1 }
call == "rename" && path ~ /\/CURRENT$/ {
    committed = $1
    unit = folder(path)
    if (published == "") broken(3, "CURRENT was replaced before the generation was published")
    if ((unit "/gen") in entries) broken(3, "gen/ was not fsynced before CURRENT was replaced")
    if (!numbers) broken(4, "CURRENT was replaced before numbers")
    else if (synced[unit] < numbers) broken(4, "numbers was not durable before CURRENT was replaced")
}

END {
    if (!committed) print "rule 3: CURRENT was never replaced"
    else if (unit in entries) print "rule 5: CURRENT's folder was not fsynced after it"
    if (journal != "") print "rule 6: the last line of the journal was not fsynced"
    if (!after_commit) print "rule 6: nothing was written to the journal after CURRENT"
}
