-- Loads the file on standard input, named :file.
SELECT set_config('cloudbilling.load_file', :'file', false) \g /dev/null
\copy cloudbilling.landing from pstdin with (format csv, delimiter E'\x01', quote E'\x02')
