-- Identity (domain 7): what an ID number says, whatever way it was written.
--
-- Out: oracle.customer, one row an accepted customer record, with class, number (normalised) and how far the number can be trusted.

-- Bytes (as LATIN1 text) to characters. Malformed bytes become U+FFFD.
CREATE FUNCTION oracle.characters(bytes text, encoding text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF bytes !~ '[^\x01-\x7f]' THEN RETURN bytes; END IF;
    RETURN convert_from(convert_to(bytes, 'LATIN1'), encoding);
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN regexp_replace(bytes, '[^\x01-\x7f]+', chr(65533), 'g');
END $$;

-- ASCII for full-width characters, U+FF01 to U+FF5E and the ideographic space.
CREATE FUNCTION oracle.half_width(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN t ~ '[^\x01-\x7f]' THEN translate(t, w, n) ELSE t END
    FROM (SELECT chr(12288) || string_agg(chr(65280 + i), '' ORDER BY i) AS w, ' ' || string_agg(chr(32 + i), '' ORDER BY i) AS n
          FROM generate_series(1, 94) i) z $$;

CREATE FUNCTION oracle.ascii_upper(t text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT translate(t, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') $$;

-- The number as typed, in one form.
CREATE FUNCTION oracle.folded_number(bytes text, encoding text, fold text, separators boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    t text := oracle.characters(bytes, encoding);
BEGIN
    IF fold = 'full' THEN t := oracle.half_width(t); END IF;
    IF separators THEN t := translate(t, ' -./_()', ''); END IF;
    RETURN oracle.ascii_upper(btrim(t, ' '));
END $$;

-- GB 11643: check character of 17 digits.
CREATE FUNCTION oracle.check_character(d text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT substr('10X98765432', 1 + (sum(substr(d, i::int, 1)::int * w) % 11)::int, 1)
    FROM unnest('{7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2}'::int[]) WITH ORDINALITY AS t(w, i) $$;

-- A rule applied to a folded number. good: NULL, or whether a resident number's check character is right.
CREATE FUNCTION oracle.ruled_number(t text, rule text, century text, OUT number text, OUT good boolean) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    number := t;
    IF rule = 'resident' AND t ~ '^[0-9]{15}$' THEN
        number := left(t, 6) || CASE WHEN century = 'sequence' AND right(t, 3) >= '996' THEN '18' ELSE '19' END || right(t, 9);
        number := number || oracle.check_character(number);
        good := true;
    ELSIF rule = 'resident' AND t ~ '^[0-9]{17}.$' THEN
        good := oracle.check_character(left(t, 17)) = right(t, 1);
    ELSIF rule = 'permit' AND t ~ '^[A-Z][0-9]{8}[0-9]{1,2}$' THEN
        number := left(t, 9); -- letter and eight digits for life, then the count of reissues
    ELSIF rule = 'permit' AND t ~ '^[0-9]{10}$' THEN
        number := left(t, 8); -- Taiwan: eight digits for life, then the count of reissues
    ELSIF rule = 'organisation' AND t ~ '^[\x01-\x7f]{18}$' THEN
        number := substr(t, 9, 9);
    ELSIF rule = 'organisation' AND t ~ '^[\x01-\x7f]{15}$' THEN
        number := substr(t, 7, 9);
    END IF;
END $$;

-- Names in one form: half width, upper case, without blanks, dots and middle dots.
CREATE FUNCTION oracle.folded_name(bytes text, encoding text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT oracle.ascii_upper(translate(oracle.half_width(translate(oracle.characters(bytes, encoding),
               chr(183) || chr(8226) || chr(8231) || chr(12539) || chr(65381) || chr(8729) || chr(65294), '')), ' .' || chr(160), '')) $$;

-- The same name, where a character that some system could not write (?, U+FFFD, geta mark, private use) stands for any one character.
CREATE FUNCTION oracle.same_name(a text, b text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    unwritable constant text := '^[?' || chr(65533) || chr(12307) || chr(57344) || '-' || chr(63743) || ']$';
BEGIN
    IF a = b THEN RETURN true; END IF;
    IF length(a) <> length(b) THEN RETURN false; END IF;
    FOR i IN 1 .. length(a) LOOP
        IF substr(a, i, 1) <> substr(b, i, 1) AND substr(a, i, 1) !~ unwritable AND substr(b, i, 1) !~ unwritable THEN RETURN false; END IF;
    END LOOP;
    RETURN true;
END $$;

CREATE TABLE oracle.placeholder AS SELECT n AS number FROM oracle.words(oracle.profile('placeholders', '')) n;

-- Everything the identity of a record needs. fold and separators: as in the profile.
CREATE FUNCTION oracle.identity(id_type text, id_no text, encoding text, fold text, separators boolean,
                                OUT class text, OUT number text, OUT good boolean, OUT never boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    rule text;
    century text;
    folded text := oracle.folded_number(id_no, encoding, fold, separators);
BEGIN
    SELECT t.class, t.rule, t.century INTO class, rule, century FROM oracle.id_type t WHERE t.type = id_type;
    IF NOT FOUND THEN class := id_type; rule := 'plain'; END IF;
    SELECT r.number, r.good INTO number, good FROM oracle.ruled_number(folded, rule, century) r;
    never := folded = '';
    IF EXISTS (SELECT FROM oracle.placeholder p WHERE p.number = folded) THEN never := true; number := folded;
    ELSIF EXISTS (SELECT FROM oracle.placeholder p WHERE p.number = identity.number) THEN never := true; END IF;
END $$;

-- Names count only where they keep records apart.
CREATE FUNCTION oracle.name_sql(layout text, encoding text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN oracle.profile('name_rule', 'apart') = 'apart' AND oracle.role(layout, 'name') IS NOT NULL
                THEN format('oracle.folded_name(%I, %L)', oracle.role(layout, 'name'), encoding) ELSE '''''' END $$;

CREATE UNLOGGED TABLE oracle.customer (
    id bigserial, file_no int, position bigint, layout text, system text, priority int, customer_type text, source_no text, id_type text,
    name text, birth date, changed date, class text, number text, good boolean, never boolean);

DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout WHERE class = 'customer' ORDER BY priority, ord LOOP
        EXECUTE format('INSERT INTO oracle.customer (file_no, position, layout, system, priority, customer_type, source_no, id_type, name, birth, changed, class, number, good, never) '
                       'SELECT file_no, position, %L, %L, %s, CASE %s WHEN ''P'' THEN ''P'' ELSE ''C'' END, %s, %s, %s, %s, %s, i.class, i.number, i.good, i.never '
                       'FROM oracle.%I d, oracle.identity(%s, %s, %L, %L, %L) i WHERE reason IS NULL ORDER BY file_no, position',
                       l.name, l.system, l.priority, oracle.role_sql(l.name, 'customer_type', '''P'''), oracle.role_sql(l.name, 'source_no', NULL),
                       oracle.role_sql(l.name, 'id_type', NULL), oracle.name_sql(l.name, l.encoding),
                       oracle.role_sql(l.name, 'birth', 'NULL'), oracle.role_sql(l.name, 'changed', 'NULL'), 'decoded_' || l.name,
                       oracle.role_sql(l.name, 'id_type', NULL), oracle.role_sql(l.name, 'id_no', NULL), l.encoding,
                       oracle.profile('fold', 'full'), oracle.profile('separators', 'yes') = 'yes');
    END LOOP;
END $$;
