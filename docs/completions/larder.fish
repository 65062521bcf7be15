# SPDX-License-Identifier: MIT
# Made from generator/verbs.def and the tables of options. Do not edit.
complete -c larder -f
complete -c larder -n '__fish_use_subcommand' -l help -d 'print this help; `larder VERB --help` that of a verb'
complete -c larder -n '__fish_use_subcommand' -l version -d 'print the version'

complete -c larder -n __fish_use_subcommand -a init -d 'write a small commented schema to begin with'
complete -c larder -n '__fish_seen_subcommand_from init' -s o -r -F -d 'the file to write, which must not be there yet (NAME.yaml)'
complete -c larder -n '__fish_seen_subcommand_from init' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from init' -l help -d 'print this help'

complete -c larder -n __fish_use_subcommand -a generate -d 'make C from schema files'
complete -c larder -n '__fish_seen_subcommand_from generate' -s o -x -a '(__fish_complete_directories)' -d 'the directory of the generated files'
complete -c larder -n '__fish_seen_subcommand_from generate' -s I -x -a '(__fish_complete_directories)' -d 'where include: looks after the file'\''s own directory'
complete -c larder -n '__fish_seen_subcommand_from generate' -l emit -x -d 'what to make of the schemas: c (if not given), mock, docs, acl, env, alerts'
complete -c larder -n '__fish_seen_subcommand_from generate' -l templates -x -a '(__fish_complete_directories)' -d 'templates that stand before the built-in ones'
complete -c larder -n '__fish_seen_subcommand_from generate' -l manifest -r -F -d 'the list of generated files'
complete -c larder -n '__fish_seen_subcommand_from generate' -o Werror -d 'warnings are errors'
complete -c larder -n '__fish_seen_subcommand_from generate' -l depfile -r -F -d 'write what was read, as a rule of Make, for the build system'
complete -c larder -n '__fish_seen_subcommand_from generate' -l stamp -r -F -d 'a file that is written last, every time'
complete -c larder -n '__fish_seen_subcommand_from generate' -l print-outputs -d 'print the paths of the generated files and write nothing'
complete -c larder -n '__fish_seen_subcommand_from generate' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from generate' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from generate' -F

complete -c larder -n __fish_use_subcommand -a check -d 'compare what would be generated with what is there'
complete -c larder -n '__fish_seen_subcommand_from check' -s o -x -a '(__fish_complete_directories)' -d 'the directory of the generated files'
complete -c larder -n '__fish_seen_subcommand_from check' -s I -x -a '(__fish_complete_directories)' -d 'where include: looks after the file'\''s own directory'
complete -c larder -n '__fish_seen_subcommand_from check' -l emit -x -d 'what to make of the schemas: c (if not given), mock, docs, acl, env, alerts'
complete -c larder -n '__fish_seen_subcommand_from check' -l templates -x -a '(__fish_complete_directories)' -d 'templates that stand before the built-in ones'
complete -c larder -n '__fish_seen_subcommand_from check' -l manifest -r -F -d 'the list of generated files'
complete -c larder -n '__fish_seen_subcommand_from check' -o Werror -d 'warnings are errors'
complete -c larder -n '__fish_seen_subcommand_from check' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from check' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from check' -F

complete -c larder -n __fish_use_subcommand -a model -d 'print what templates may name, as JSON'
complete -c larder -n '__fish_seen_subcommand_from model' -s I -x -a '(__fish_complete_directories)' -d 'where include: looks after the file'\''s own directory'
complete -c larder -n '__fish_seen_subcommand_from model' -o Werror -d 'warnings are errors'
complete -c larder -n '__fish_seen_subcommand_from model' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from model' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from model' -F

complete -c larder -n __fish_use_subcommand -a schema -d 'print the JSON Schema of the schema language, for editors'
complete -c larder -n '__fish_seen_subcommand_from schema' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from schema' -l help -d 'print this help'

complete -c larder -n __fish_use_subcommand -a templates -d 'write the built-in templates to a directory, or compare it with them'
complete -c larder -n '__fish_seen_subcommand_from templates' -l force -d 'export: overwrite files that differ'
complete -c larder -n '__fish_seen_subcommand_from templates' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from templates' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from templates' -a 'export diff'
complete -c larder -n '__fish_seen_subcommand_from templates' -a '(__fish_complete_directories)'

complete -c larder -n __fish_use_subcommand -a explain -d 'say what the name behind a message means'
complete -c larder -n '__fish_seen_subcommand_from explain' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from explain' -l help -d 'print this help'

complete -c larder -n __fish_use_subcommand -a render -d 'render a Mustache template with YAML or JSON data'
complete -c larder -n '__fish_seen_subcommand_from render' -l partials -x -a '(__fish_complete_directories)' -d 'take the partial NAME from DIR/NAME.mustache'
complete -c larder -n '__fish_seen_subcommand_from render' -l escape -x -a 'html none' -d 'how {{name}} is escaped (html)'
complete -c larder -n '__fish_seen_subcommand_from render' -l lenient -d 'an unknown name or partial is empty, not an error'
complete -c larder -n '__fish_seen_subcommand_from render' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from render' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from render' -F

complete -c larder -n __fish_use_subcommand -a diff -d 'compare two versions of a schema: what would break'
complete -c larder -n '__fish_seen_subcommand_from diff' -s I -x -a '(__fish_complete_directories)' -d 'where include: looks after the file'\''s own directory'
complete -c larder -n '__fish_seen_subcommand_from diff' -l wire-only -d 'only what concerns keys and values in Redis'
complete -c larder -n '__fish_seen_subcommand_from diff' -l api-only -d 'only what concerns the generated C'
complete -c larder -n '__fish_seen_subcommand_from diff' -l allow -x -d 'say nothing of this rule: the change is meant'
complete -c larder -n '__fish_seen_subcommand_from diff' -l format -x -a 'text json' -d 'how diagnostics are printed: as text (the default) or json'
complete -c larder -n '__fish_seen_subcommand_from diff' -l help -d 'print this help'
complete -c larder -n '__fish_seen_subcommand_from diff' -F
