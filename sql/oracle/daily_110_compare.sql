-- What the program has against what the oracle says, for a day. oracle.engine: a line of `crmx population list` each; oracle.engine_event: of
-- the generation's events. Everything that differs is a line of oracle.difference.

CREATE TABLE oracle.expected AS
SELECT m.number, c.customer_type AS type, m.system, m.source_no, m.was_primary AS is_primary,
       CASE WHEN x.number IS NOT NULL THEN 'excluded' WHEN s.number IS NOT NULL THEN 'reached' ELSE 'below' END AS threshold,
       e.entry_date
FROM kept.member m JOIN oracle.customer c USING (system, source_no)
LEFT JOIN oracle.selected s ON s.number = c.integrated
LEFT JOIN oracle.excluded_customer x ON x.number = c.integrated
LEFT JOIN kept.entry e ON e.number = m.number
WHERE m.living;

INSERT INTO oracle.difference
SELECT 'record', format('%s %s: oracle %s, program %s', system, source_no, to_json(x), to_json(p))
FROM oracle.expected x FULL JOIN oracle.engine p USING (system, source_no)
WHERE (x.number, x.type, x.is_primary, x.threshold) IS DISTINCT FROM (p.number, p.type, p.is_primary, p.threshold);
INSERT INTO oracle.difference
SELECT 'entry', format('%s %s: oracle since %s, program since %s', system, source_no, x.entry_date, p.entry_date)
FROM oracle.expected x JOIN oracle.engine p USING (system, source_no) WHERE x.entry_date IS DISTINCT FROM p.entry_date;
INSERT INTO oracle.difference
SELECT 'average', format('%s of %s: oracle %s, program %s', name, x.number, x.days, p.days)
FROM (SELECT a.name, e.number, coalesce(k.days, 0) AS days FROM oracle.average a CROSS JOIN (SELECT DISTINCT number FROM oracle.expected) e
      LEFT JOIN kept.average k ON (k.name, k.number) = (a.name, e.number)) x
FULL JOIN oracle.engine_average p USING (name, number) WHERE x.days IS DISTINCT FROM p.days;
INSERT INTO oracle.difference
SELECT 'event', format('%s %s %s: oracle %s, program %s', coalesce(x.number, p.number), coalesce(x.kind, p.kind), coalesce(x.other, p.other), x.kind IS NOT NULL, p.kind IS NOT NULL)
FROM oracle.event x FULL JOIN oracle.engine_event p ON (x.kind, x.number, coalesce(x.other, 0)) = (p.kind, p.number, coalesce(p.other, 0))
WHERE (x.kind IS NULL OR p.kind IS NULL) AND EXISTS (SELECT FROM oracle.engine_event_file);
INSERT INTO oracle.difference
SELECT 'redirect', format('%s: oracle %s, program %s', number, x.target, p.target)
FROM kept.redirect x FULL JOIN oracle.engine_redirect p USING (number) WHERE x.target IS DISTINCT FROM p.target AND EXISTS (SELECT FROM oracle.engine_event_file);
INSERT INTO oracle.difference
SELECT 'change', format('%s %s: oracle %s, program %s', number, rule, to_json(x), to_json(p))
FROM oracle.rule_event x FULL JOIN oracle.engine_change p USING (number, rule)
WHERE (x.old, x.new) IS DISTINCT FROM (p.old, p.new) AND EXISTS (SELECT FROM oracle.engine_event_file);
INSERT INTO oracle.difference
SELECT 'reason', format('%s: oracle %s, program %s', number, to_json(x), to_json(p))
FROM oracle.reason_today x FULL JOIN oracle.engine_reason p USING (number)
WHERE (x.number, coalesce(x.reason_1, ''), coalesce(x.reason_2, ''), coalesce(x.reason_3, '')) IS DISTINCT FROM (p.number, p.reason_1, p.reason_2, p.reason_3)
  AND EXISTS (SELECT FROM oracle.engine_event_file);
