-- One line: machine, versions and settings.
\set processor `sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | uniq | paste -sd,`
\set processors `nproc`
\set memory `awk '/^MemTotal:/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo`

SELECT format('%s x %s, %s; PostgreSQL %s, cloudbilling %s; %s',
    :'processors', :'processor', :'memory', split_part(current_setting('server_version'), ' ', 1), (
        SELECT default_version FROM pg_available_extensions WHERE name = 'cloudbilling'
    ), string_agg(format('%s=%s', name, current_setting(name)), ' ' ORDER BY name))
FROM pg_settings
WHERE source = 'command line' AND category NOT LIKE 'File Locations' AND name !~ 'unix_socket|listen|extension_destdir|^port$'
    OR name = 'max_parallel_workers_per_gather';
