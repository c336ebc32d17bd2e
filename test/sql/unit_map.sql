-- Units that hide blocks.
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\pset format unaligned
\pset null '<null>'
SELECT s AS source_unit, (unit_find(s)).*
FROM unnest(ARRAY['1 Hour', '100 Hours', '10K', '10 K', '1M', '1B', '10000s', '1 GB/Month', '100 GB/Month', '1/Month', '1 /Month', '100/Month', '1K/Month', '1 TiB', '1.5 GB', '10 GB',
    'hrs', 'GB-Mo', 'Requests', '1 KB', '1 Mbps', '0 Unassigned', '1 of something', 'of something', '100000000', ' 10  Hours ', '', NULL, '123456789012345678901234567890.5 GB']) AS s;
-- The whole unit before its parts, the user's rows before the extension's; loaded by COPY.
BEGIN;
\copy unit_map (source_unit, block_size, unit, unece_code) from stdin with (format csv, header)
source_unit,block_size,unit,unece_code
7 boxes,42,Boxes,BX
Hour,60,Minutes,MIN
1 Day,24,Hours,HUR
\.
SELECT s AS source_unit, (unit_find(s)).* FROM unnest(ARRAY['7 BOXES', '8 boxes', '10 Hour', '10 Hours', '1 Day', '2 Day']) AS s;
ROLLBACK;
\set VERBOSITY terse
INSERT INTO unit_map (source_unit, block_size, unit) VALUES ('x', 0, 'X');
INSERT INTO unit_map (source_unit, block_size, unit) VALUES ('x', 'NaN', 'X');
INSERT INTO unit_map (source_unit, unit, unece_code) VALUES ('x', 'X', 'hour');
INSERT INTO unit_map (source_unit, unit) VALUES ('x', 'X'), ('X', 'Y');
-- Each code is one of two or three letters and digits, each unit has one code.
SELECT unit, array_agg(DISTINCT unece_code) FROM unit_map GROUP BY unit HAVING count(DISTINCT unece_code) > 1;
