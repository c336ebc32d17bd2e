-- How tags are compared.  All of these are single expressions, so that views have
-- them in their own plans and need not call a function for each pair.

-- The same blanks as allocation rules take away.
CREATE OR REPLACE FUNCTION tag_trim(value text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(value, E' \t\n\x0b\f\r'), '');

COMMENT ON FUNCTION tag_trim(text) IS 'a tag''s value without blanks around it; NULL when that is nothing';

-- Not by classes of characters, which know only ASCII in some databases.
CREATE OR REPLACE FUNCTION tag_fold(spelling text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(lower(translate(spelling, E' \t\n\x0b\f\r_-.:/\\,;|+', '')), '');

COMMENT ON FUNCTION tag_fold(text) IS 'what is left of a tag''s key or value without case and separators: cost-center, CostCenter and cost_center are the same';

-- team-1 and team-2 are two teams.
CREATE OR REPLACE FUNCTION tag_digits(folded text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(folded, '[^0-9]', '', 'g');

COMMENT ON FUNCTION tag_digits(text) IS 'digits of a folded key or value: where they differ, it is not a mistake in writing';

CREATE OR REPLACE FUNCTION tag_letters(folded text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT string_agg(c.letter, '' ORDER BY c.letter COLLATE "C") FROM regexp_split_to_table(folded, '') AS c (letter));

COMMENT ON FUNCTION tag_letters(text) IS 'characters of a folded key or value, sorted: two that were swapped leave them as they are';

-- One edit for each four characters of the longer, up to three; two characters that
-- were swapped, which are two edits, also of shorter ones.  What levenshtein cannot
-- take, which is more than 255 characters, is like nothing.
CREATE OR REPLACE FUNCTION tag_edits(a text, b text, a_letters text, b_letters text)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(length(a) - length(b)) > 3 OR greatest(length(a), length(b)) NOT BETWEEN 4 AND 255 THEN NULL
    WHEN levenshtein_less_equal(a, b, 3) <= greatest(least(greatest(length(a), length(b)) / 4, 3), CASE WHEN a_letters = b_letters THEN 2 END)
        THEN levenshtein_less_equal(a, b, 3)
    END;

COMMENT ON FUNCTION tag_edits(text, text, text, text) IS 'edits between two folded keys or values, given with their letters; NULL when they are too many for their length';
