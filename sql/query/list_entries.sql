-- Entries of list $1; $2 level, $3 state, each null for all; without $4 those that are over are left out.
SELECT entry::text, level, state, id_type, id_no, number::text, reason, expires::text, entered_by, removal_by, approved_by, note
FROM crmx.list_entry
WHERE list = $1 AND ($2::text IS NULL OR level = $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::boolean OR $3::text IS NOT NULL OR state NOT IN ('rejected', 'ended'))
ORDER BY entry
