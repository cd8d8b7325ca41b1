-- Activations and the hashes of their files; a pending one has none.
SELECT number, coalesce(file_hash, ''), restored, level, effective_from::text
FROM crmx.parameter_activation ORDER BY number
