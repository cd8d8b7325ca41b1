-- Formulas: a formula file cut into words, its statements, and the SQL text of its expressions. A translation word by word: the grammar
-- of expressions is that of SQL but for a few functions; division by zero is an operator of its own (below).
--
-- Out: oracle.statement(customer_type, no, kind, words), oracle.measure, oracle.definition, oracle.setting of a formula,
--      oracle.term(customer_type, no, negative, words, name): what the score is a sum of.

CREATE FUNCTION oracle.formula_words(content text) RETURNS TABLE (word text, no bigint) LANGUAGE sql IMMUTABLE AS $$
    SELECT m[1], n FROM regexp_matches(regexp_replace(content, '#[^\n]*', '', 'g'),
        $re$('[^']*'|[0-9]+(?:\.[0-9]+)?|<>|<=|>=|!=|[-+*/(),;=<>]|[^-+*/(),;=<>'\s]+)$re$, 'g') WITH ORDINALITY AS t(m, n) $$;

CREATE TABLE oracle.formula AS
SELECT t.customer_type, f.content
FROM (VALUES ('P', 'formula.personal'), ('C', 'formula.corporate')) AS t(customer_type, key)
JOIN oracle.text_file f ON f.kind = 'formula' AND f.name = oracle.unit_setting(t.key, NULL);

CREATE TABLE oracle.statement AS
SELECT customer_type, statement_no, array_agg(word ORDER BY no) AS words
FROM (SELECT customer_type, word, no, count(*) FILTER (WHERE word = ';') OVER (PARTITION BY customer_type ORDER BY no ROWS UNBOUNDED PRECEDING) - (word = ';')::int AS statement_no
      FROM oracle.formula, oracle.formula_words(content)) z
WHERE word <> ';' GROUP BY customer_type, statement_no;

-- One-word statements: unit, rounding, threshold.
CREATE FUNCTION oracle.formula_setting(a_type text, name text, fallback text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT words[2] FROM oracle.statement WHERE customer_type = a_type AND words[1] = name), fallback) $$;

CREATE FUNCTION oracle.threshold_minor(a_type text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(oracle.unit_setting('threshold.' || CASE a_type WHEN 'P' THEN 'personal' ELSE 'corporate' END, NULL)::numeric * 100,
                    oracle.formula_setting(a_type, 'threshold', NULL)::numeric * CASE oracle.formula_setting(a_type, 'unit', 'yuan') WHEN 'yuan' THEN 100 ELSE 1 END) $$;

-- measure NAME [as ALIAS] TYPE = AGGREGATE ( TABLES [where PREDICATE] [, EXPRESSION] )
CREATE TABLE oracle.measure (customer_type text, no bigint, name text, alias text, type text, aggregate text, tables text[], predicate text[], expression text[]);
DO $$
DECLARE
    s record;
    w text[];
    paren int;   -- place of the aggregate's parenthesis
    stop int;    -- end of the tables
    comma int;   -- the last comma outside parentheses
    depth int;
BEGIN
    FOR s IN SELECT * FROM oracle.statement WHERE words[1] = 'measure' LOOP
        w := s.words;
        paren := array_position(w, '(');
        stop := NULL; comma := NULL; depth := 0;
        FOR i IN paren + 1 .. array_length(w, 1) - 1 LOOP
            IF w[i] = '(' THEN depth := depth + 1; ELSIF w[i] = ')' THEN depth := depth - 1; END IF;
            IF depth = 0 AND w[i] = ',' THEN comma := i; END IF;
            IF stop IS NULL AND (w[i] = 'where' OR (depth = 0 AND w[i] = ',')) THEN stop := i; END IF;
        END LOOP;
        INSERT INTO oracle.measure VALUES (s.customer_type, s.statement_no, w[2], CASE w[3] WHEN 'as' THEN w[4] ELSE w[2] END, w[paren - 3], w[paren - 1],
            (SELECT array_agg(t) FROM unnest(w[paren + 1 : coalesce(stop, array_length(w, 1)) - 1]) t WHERE t <> '+'),
            CASE WHEN w[stop] = 'where' THEN w[stop + 1 : coalesce(comma, array_length(w, 1)) - 1] END,
            w[comma + 1 : array_length(w, 1) - 1]);
    END LOOP;
END $$;

-- score = …; result NAME TYPE = …; let NAME [TYPE] = …
CREATE TABLE oracle.definition AS
SELECT customer_type, statement_no AS no, words[1] = 'let' AS is_let, CASE words[1] WHEN 'score' THEN 'score' ELSE words[2] END AS name,
       CASE WHEN words[1] = 'score' THEN 'money' WHEN words[3] = '=' THEN NULL ELSE words[3] END AS type,
       words[array_position(words, '=') + 1 :] AS words
FROM oracle.statement WHERE words[1] IN ('score', 'result', 'let');

CREATE TABLE oracle.coefficient AS
SELECT customer_type, words[2] AS name, array_to_string(words[4:], '') AS value FROM oracle.statement WHERE words[1] = 'coef';

-- The rate of an account's product or term in its currency, percent a year; that of its currency before that of every currency. None: null.
CREATE FUNCTION oracle.rate_of(a_product text, a_currency text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT rate FROM oracle.interest WHERE product = a_product AND currency IN (a_currency, '') ORDER BY currency = '' LIMIT 1 $$;
CREATE FUNCTION oracle.rate_of(a_term numeric, a_currency text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT rate FROM oracle.interest WHERE CASE WHEN product ~ '^[0-9]+$' THEN product::numeric = a_term ELSE false END AND currency IN (a_currency, '')
    ORDER BY currency = '', product COLLATE "C" LIMIT 1 $$;

-- "rate_of(f_term, the_currency) IS NULL OR …": an account has no rate where the words ask for one. Null where they ask for none.
CREATE FUNCTION oracle.without_rate_sql(words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(format('oracle.rate_of(%I, the_currency) IS NULL', 'f_' || words[i + 2]), ' OR ') FROM generate_subscripts(words, 1) i
    WHERE lower(words[i]) IN ('interest', '利率') $$;

-- The SQL text of an expression. account: inside an aggregate (exact numbers, columns of a holding); else over measures, in float8.
CREATE FUNCTION oracle.expression_sql(a_type text, words text[], account boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    result text := '';
    closing text[] := '{}'; -- what to write for each parenthesis that is open
    w text;
    i int := 1;
    last text;
BEGIN
    WHILE i <= coalesce(array_length(words, 1), 0) LOOP
        w := words[i];
        IF w = '(' THEN closing := closing || ')'::text; result := result || ' (';
        ELSIF w = ')' THEN result := result || closing[array_length(closing, 1)]; closing := trim_array(closing, 1);
        ELSIF lower(w) IN ('cny', '折算') THEN closing := closing || '))'::text; result := result || ' (factor * ('; i := i + 1;
        ELSIF lower(w) IN ('interest', '利率') THEN
            result := result || format(' coalesce(oracle.rate_of(%I, the_currency), 0)', 'f_' || words[i + 2]);
            i := i + 3;
        ELSIF lower(w) IN ('coef', '系数') THEN
            WHILE words[i] <> ')' LOOP
                IF words[i] NOT IN ('(', ',') THEN last := words[i]; END IF;
                i := i + 1;
            END LOOP;
            SELECT coalesce((SELECT value FROM oracle.coefficient c WHERE c.customer_type = a_type AND c.name = last), last) INTO last;
            result := result || format(' %L::float8', last);
        ELSIF lower(w) IN ('min', '最小') THEN result := result || ' least';
        ELSIF lower(w) IN ('max', '最大') THEN result := result || ' greatest';
        ELSIF lower(w) IN ('if', '如果') THEN result := result || ' oracle.choose';
        ELSIF lower(w) IN ('abs', 'floor', 'ceil', 'coalesce', 'case', 'when', 'then', 'else', 'end', 'and', 'or', 'not', 'in', 'true', 'false', 'date')
              OR w ~ '^[-+*/,=<>!]' OR w LIKE '''%' THEN result := result || ' ' || w;
        ELSIF w ~ '^[0-9]' THEN result := result || ' ' || w || CASE WHEN account THEN '::numeric' ELSE '::float8' END;
        ELSIF lower(w) = 'business_date' THEN result := result || format(' %L::date', oracle.parameter('date'));
        ELSIF words[i + 1] = '(' THEN RAISE EXCEPTION 'the oracle does not know the function %', w;
        ELSIF account THEN result := result || ' ' || quote_ident('f_' || w);
        ELSE result := result || ' ' || quote_ident(coalesce((SELECT 'v_' || m.alias FROM oracle.measure m WHERE m.customer_type = a_type AND w IN (m.name, m.alias)), 'v_' || w));
        END IF;
        i := i + 1;
    END LOOP;
    RETURN result;
END $$;

-- No term, no contribution: x / 0 is 0. Found before the built-in operator because schema oracle stands first in the search path.
CREATE FUNCTION oracle.quotient(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN b = 0 THEN 0::float8 ELSE a OPERATOR(pg_catalog./) b END $$;
CREATE OPERATOR oracle./ (LEFTARG = float8, RIGHTARG = float8, FUNCTION = oracle.quotient);
CREATE FUNCTION oracle.choose(c boolean, a anyelement, b anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN c THEN a ELSE b END $$;

CREATE FUNCTION oracle.rounded(x float8, mode text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE mode WHEN 'half_up' THEN floor(x + 0.5::float8) WHEN 'half_even' THEN round(x)
                     ELSE trunc(x) + CASE WHEN abs(x - trunc(x)) >= 0.5 THEN sign(x) ELSE 0 END END $$;

-- Where the parenthesis or case that opens at word i is closed.
CREATE FUNCTION oracle.closing(words text[], i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT min(at) FROM (SELECT at, sum(CASE WHEN lower(word) IN ('(', 'case') THEN 1 WHEN lower(word) IN (')', 'end') THEN -1 ELSE 0 END) OVER (ORDER BY at) AS depth
                         FROM unnest(words) WITH ORDINALITY AS w(word, at) WHERE at >= i) z
    WHERE depth = 0 $$;

-- A sum cut into its terms, in their order: at every + and - between two values outside of parentheses and cases. A parenthesis around a
-- whole term is a sum again. Any other + or - is the sign of what follows it.
CREATE FUNCTION oracle.terms(words text[], minus boolean) RETURNS TABLE (negative boolean, term text[]) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    last int := array_length(words, 1);
    i int := 1;
    cuts int[] := '{}';
    value_before boolean := false;
BEGIN
    WHILE i <= last LOOP
        IF value_before AND words[i] IN ('+', '-') THEN cuts := cuts || i; END IF;
        IF lower(words[i]) IN ('(', 'case') THEN i := oracle.closing(words, i); END IF;
        value_before := words[i] !~ '^[-+*/]';
        i := i + 1;
    END LOOP;
    IF cuts = '{}' AND words[1] IN ('+', '-') THEN
        RETURN QUERY SELECT * FROM oracle.terms(words[2 :], minus <> (words[1] = '-'));
    ELSIF cuts = '{}' AND words[1] = '(' AND oracle.closing(words, 1) = last THEN
        RETURN QUERY SELECT * FROM oracle.terms(words[2 : last - 1], minus);
    ELSIF cuts = '{}' THEN
        RETURN QUERY SELECT minus, words;
    ELSE
        cuts := 0 || cuts || last + 1;
        FOR k IN 1 .. array_length(cuts, 1) - 1 LOOP
            RETURN QUERY SELECT * FROM oracle.terms(words[cuts[k] + 1 : cuts[k + 1] - 1], minus <> (k > 1 AND words[cuts[k]] = '-'));
        END LOOP;
    END IF;
END $$;

-- The terms of each score. A score that is a choice as a whole is no sum. A term is called by its first measure in the order of the file,
-- one without by its number.
CREATE TABLE oracle.term AS
SELECT d.customer_type, t.no::int, t.negative, t.term AS words,
       coalesce((SELECT m.alias FROM oracle.measure m WHERE m.customer_type = d.customer_type AND (m.name = ANY (t.term) OR m.alias = ANY (t.term)) ORDER BY m.no LIMIT 1), t.no::text) AS name
FROM oracle.definition d, oracle.terms(d.words, false) WITH ORDINALITY AS t(negative, term, no)
WHERE d.name = 'score'
  AND NOT ((SELECT count(*) FROM oracle.terms(d.words, false)) = 1 AND NOT t.negative
           AND oracle.closing(t.term, CASE WHEN lower(t.term[1]) = 'case' THEN 1 WHEN lower(t.term[1]) IN ('if', '如果') THEN 2 END) = array_length(t.term, 1));
