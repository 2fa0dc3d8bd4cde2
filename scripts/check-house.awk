# check-house.awk: the rules of check-house that read one file at a time. Variables: list, a file with the names of the files;
# waivers, a file that gets a line for each waiver. Prints FILE:LINE: RULE: what is wrong.

# --- the house, as CMakeLists.txt has it --------------------------------------------------------------------------------------

function read_house(    text, call, words, n, i, name, key) {
    while ((getline text < "CMakeLists.txt") > 0) {
        sub(/#.*/, "", text)
        if (text ~ /^fv_folder\(/) call = ""
        else if (call == "none") continue
        call = call " " text
        if (text !~ /\)[ \t]*$/) continue
        sub(/^ *fv_folder\(/, "", call)
        sub(/\)[ \t]*$/, "", call)
        gsub(/"[^"]*"/, "", call)
        n = split(call, words, /[ \t]+/)
        name = words[1]
        for (i = 2; i <= n; i++) {
            if (words[i] ~ /^[A-Z]+$/) { key = words[i]; if (key == "PROGRAM") program[name] = 1 }
            else if (key == "DIR") folder_at[words[i]] = name
            else if (key == "USES") may_use[name, words[i]] = 1
        }
        call = "none"
    }
    close("CMakeLists.txt")
}

# The folder that a path lies in: the deepest that was declared; "" outside the house.
function folder_of(path) {
    while (sub(/\/[^\/]*$/, "", path)) if (path in folder_at) return folder_at[path]
    return ""
}

# --- complaints and waivers ---------------------------------------------------------------------------------------------------

function complain(line, rule, what) {
    if ((line, rule) in waived) used[line, rule] = 1
    else printf "%s:%d: %s: %s\n", file, line, rule, what
}

function read_waiver(text,    rule) {
    if (!match(text, /\/\* house: allow [a-z]+/)) return
    rule = substr(text, RSTART + 16, RLENGTH - 16)
    if (text !~ /\/\* house: allow [a-z]+ (-|—) [^ ].*\*\//)
        return complain(number, "waiver", "write /* house: allow " rule " - reason */")
    waived[number, rule] = 1
    print file ":" number ": " rule > waivers
}

function end_waivers(    key, part) {
    for (key in waived) if (!(key in used)) {
        split(key, part, SUBSEP)
        printf "%s:%d: waiver: \"%s\" lets nothing off\n", file, part[1], part[2]
    }
}

# --- C ------------------------------------------------------------------------------------------------------------------------

# The line without comments, with strings and characters emptied. `in_comment` lasts from line to line.
function code_of(text,    out, at, mark) {
    out = ""
    while (text != "") {
        if (in_comment) {
            at = index(text, "*/")
            if (!at) return out
            in_comment = 0
            text = substr(text, at + 2)
            continue
        }
        if (!match(text, /["']|\/\*|\/\//)) return out text
        mark = substr(text, RSTART, 1)
        out = out substr(text, 1, RSTART - 1)
        text = substr(text, RSTART)
        if (text ~ /^\/\//) return out
        if (mark == "/") { in_comment = 1; text = substr(text, 3); continue }
        out = out mark mark
        if (mark == "\"" ? match(text, /^"([^"\\]|\\.)*"/) : match(text, /^'([^'\\]|\\.)*'/)) text = substr(text, RLENGTH + 1)
        else return out # a macro's half of a string
    }
    return out
}

function calls(code, names) { return match(code, "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*\\(") }

function check_include(text,    path, to) {
    if (text !~ /^[ \t]*#[ \t]*include[ \t]*"/) return
    path = text
    sub(/^[^"]*"/, "", path)
    sub(/".*/, "", path)
    to = folder_of(path)
    if (path !~ /\// || path ~ /\.\.?\//) complain(number, "include", "\"" path "\" is not written from the top of the tree")
    else if (path ~ /^fovea\//) return
    else if (file ~ /^include\//) complain(number, "include", "a public header includes \"" path "\", which is private")
    else if (file ~ /^examples\//) complain(number, "include", "an example sees public headers only, not \"" path "\"")
    else if (here != "" && to != here && !((here, to) in may_use))
        complain(number, "include", "\"" path "\": " here " may not use " (to == "" ? "what is outside the house" : to))
}

function check_calls(code) {
    if (calls(code, banned))
        complain(number, "banned", substr(code, RSTART, RLENGTH) "…)")
    if (code ~ /(^|[^A-Za-z0-9_])goto[ \t]/) complain(number, "goto", "functions end by return; FV_OWNED cleans up")
    if (here == "") return
    if (file !~ /^core\/base\/(memory|error)\.c$/ && calls(code, allocating))
        complain(number, "malloc", "memory comes from core/base/memory.h and arena.h")
    if (here in program) return
    if (calls(code, "exit|_exit|_Exit|quick_exit|abort"))
        complain(number, "banned", "the library returns errors, it does not end the program")
    if (calls(code, "printf|vprintf|puts|putchar|perror") || code ~ /(^|[^A-Za-z0-9_])(stderr|stdout)([^A-Za-z0-9_]|$)/)
        complain(number, "output", "the library speaks by errors and core/base/log.h")
}

# Follows braces at file scope to find where functions start and end.
function follow(code,    mark) {
    while (match(code, /[{};]/)) {
        mark = substr(code, RSTART, 1)
        if (depth == 0) declare(substr(code, 1, RSTART - 1))
        code = substr(code, RSTART + 1)
        if (mark == "{" && depth == 0 && declaration ~ /^extern *""/) declaration = ""
        else if (mark == "{") {
            if (depth++ > 0) continue
            is_function = declaration ~ /\)[ \t]*$/ && declaration !~ /=/
            function_start = start
        }
        else if (mark == "}" && depth > 0 && --depth == 0) {
            if (is_function) end_function()
            declaration = ""
        }
        else if (mark == ";" && depth == 0) declaration = ""
    }
    if (depth == 0) declare(code)
}

function declare(text) {
    if (text ~ /^[ \t]*$/) return
    if (declaration == "") start = number
    declaration = declaration text
}

function end_function(    line) {
    if (number - function_start + 1 <= 60) return
    for (line = function_start; line < function_start + 4; line++) if ((line, "function") in waived) function_start = line
    complain(function_start, "function", "longer than 60 lines")
}

function check_c(text,    code, directive) {
    directive = continued || (!in_comment && text ~ /^[ \t]*#/)
    if (!in_comment && !continued) check_include(text)
    code = code_of(text)
    check_calls(code)
    if (!directive) follow(code)
    continued = directive && text ~ /\\$/
}

# --- any source ---------------------------------------------------------------------------------------------------------------

function check_line(text,    columns) {
    columns = text
    gsub(/[\200-\277]/, "", columns) # UTF-8: one column a character
    if (length(columns) > 128) complain(number, "line", length(columns) " columns, at most 128")
    if (text ~ /(^|[^A-Za-z])(TO[D]O|FIX[M]E|XX[X])([^A-Za-z]|$)/)
        complain(number, "todo", "unfinished business is an issue, not a comment")
}

function check_file(    text, is_c) {
    number = depth = in_comment = continued = 0
    declaration = ""
    split("", waived)
    split("", used)
    here = folder_of(file)
    is_c = file ~ /\.(c|h|cu)$/
    while ((getline text < file) > 0) {
        number++
        if (is_c) read_waiver(text)
        check_line(text)
        if (is_c) check_c(text)
    }
    close(file)
    if (number > 800) { line = number; complain(1, "file", line " lines, at most 800") }
    end_waivers()
}

BEGIN {
    banned = "strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|alloca|system|popen"
    banned = banned "|tmpnam|mktemp|rand|srand"
    allocating = "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup"
    printf "" > waivers
    read_house()
    while ((getline file < list) > 0) check_file()
}
