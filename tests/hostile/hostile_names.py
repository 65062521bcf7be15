#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names that mean something else elsewhere, as the name of everything that has one.

    hostile_names.py          all of them; LARDER and LARDER_SOURCE_DIR in the environment

Keywords of C and C++, macros, types, functions and tags of their headers, names
of cmocka's and of generated code's own. Whatever is not refused at its place is compiled:
sources and mocks as C11, headers as C++17, behind the system's headers.
"""

import os
import re
import tempfile

from larder_run import as_c, as_cxx, compile_all, fail, finish, is_refused, larder

KEYWORDS = """
alignas alignof auto bool break case char const constexpr continue default do double else enum extern false float for goto if
inline int long nullptr register restrict return short signed sizeof static static_assert struct switch thread_local true typedef
typeof typeof_unqual union unsigned void volatile while asm fortran and and_eq bitand bitor catch char8_t char16_t char32_t class
compl concept consteval constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend
mutable namespace new noexcept not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast
template this throw try typeid typename using virtual wchar_t xor xor_eq final override import module"""
MACROS = "NULL EOF errno assert stdin stdout stderr linux unix i386 signals slots emit foreach complex imaginary noreturn"
TYPES = """size_t ssize_t int8_t int64_t uint8_t uint32_t uint64_t uintptr_t intptr_t ptrdiff_t intmax_t uintmax_t max_align_t
time_t off_t pid_t va_list jmp_buf FILE"""
FUNCTIONS = """main strlen strcmp strncmp memcpy memcmp memset memmove printf fprintf snprintf malloc calloc realloc free abort exit
fail_msg mock mock_type will_return check_expected check_expected_ptr expect_string expect_memory expect_check
print_error read write open close select time clock signal index rindex y0 y1 jn gamma log div abs"""
TAGS = """stat tm std timespec timeval sigaction dirent passwd group option sockaddr iovec rusage lconv pollfd utsname termios
addrinfo hostent flock entry sched_param itimerval"""
OURS = """cache batch value values keys key count buf size load user out ttl_ms ret_value ret_status ret_len ret_each larder
larder_key larder_cache larder_value larder_status total items has_items first second function parameter text entries name status
service entity event encode decode defaults make append store agrees pick pick_event pick_pair names w p r at c k i s call
params pairs copy is wanted same given expected label json len self opened health stats config health_ None True null yes"""
# Once each, however it is written: C has them in small letters.
WORDS = sorted({word.lower(): word for word in " ".join((KEYWORDS, MACROS, TYPES, FUNCTIONS, TAGS, OURS)).split()}.values())

# Any of them may stand before the header in a service.
SYSTEM = """assert.h complex.h ctype.h dirent.h errno.h fcntl.h fenv.h float.h getopt.h grp.h inttypes.h limits.h locale.h math.h netdb.h
netinet/in.h poll.h pthread.h pwd.h sched.h search.h setjmp.h signal.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
string.h strings.h syslog.h sys/resource.h sys/socket.h sys/stat.h sys/time.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h termios.h
time.h unistd.h wchar.h""".split()

HEAD = "larder: 1\nservice: shop\n"
THING = '{key: "t:{id:u64}", fields: {id: u64%s}}'

# A place: the schema before, a line a word, the schema behind; (word) and (n), a number of its own, are replaced.
PLACES = {
    "fields": (HEAD + "entities:\n",
               ' t(n): {key: "t(n):{id:u64}", fields: {id: u64, (word): "u64?", l: "list<string>", (word)s: "map<u8>", has: uuid}}\n', ""),
    "numbers of keys": (HEAD + "entities:\n", ' t(n): {key: "t(n):{(word):i32}:{z:bool}", fields: {z: bool, (word): i32}}\n', ""),
    "texts of keys": (HEAD + "entities:\n", ' t(n): {key: "t(n):{(word):string}:{z:uuid}", fields: {z: uuid, (word): string}}\n', ""),
    "uuids of keys": (HEAD + "entities:\n", ' t(n): {key: "t(n):{(word):uuid}:{z:string}", fields: {z: string, (word): uuid}}\n', ""),
    "enums of keys": (HEAD + "types: {E: {enum: [a, b]}}\nentities:\n", ' t(n): {key: "t(n):{(word):E}", fields: {(word): E}}\n', ""),
    "entities": (HEAD + "entities:\n", ' (word): {key: "t(n):{id:u64}", fields: {id: u64, l: "list<string?>"}}\n', ""),
    "entities of lists": (HEAD + "entities:\n", ' (word): {key: "t(n)", list: {type: string, max: 3}}\n', ""),
    "types": (HEAD + "types:\n", " (word): {fields: {a: u8, next: '(word)?', more: 'list<(word)>'}}\n", "entities: {t_: {key: t, fields: {(all)}}}\n"),
    "enums": (HEAD + "types:\n", " (word): {enum: [a, (word)]}\n", "entities: {t_: {key: t, fields: {(all)}}}\n"),
    "enumerators": (HEAD + "types:\n e:\n  enum:\n", "   - (word)\n", "entities: {t: {key: t, value: e}}\n"),
    "events": (HEAD + "entities: {thing: " + THING % "" + "}\nevents:\n", " (word): {params: {(word): u64}, invalidate: [thing((word))]}\n", ""),
    "lifetimes": (HEAD + "entities: {thing: " + THING % "" + "}\nttl:\n", " (word): 1h\n", ""),
}

# Of a service of the name; what is called as it has no prefix of its own.
SERVICES = {
    "service": "entities: {thing: " + THING % "" + "}\n",
    "service, entity, event": 'entities: {(word): {key: "t:{id:u64}", fields: {id: u64}}}\n'
                              "events: {(word): {params: {id: u64}, invalidate: [(word)(id)]}}\n",
    "service, type": "types: {(word): {fields: {a: u8}}}\nentities: {thing: " + THING % ", a: (word)" + "}\n",
    "service, enum": "types: {(word): {enum: [max, min, set, int, success, failure, all, realtime, end, debug]}}\n"
                     "entities: {thing: " + THING % ", a: (word)" + "}\n",
}

# What every source has for itself, so that many of them are one unit here.
STATICS = "larder_core larder_core_batch larder_pinned_abi larder_own_ttls larder_own_entities larder_own_service larder_shown_bytes larder_give_text".split()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def place_text(place, words):
    before, line, behind = PLACES[place]
    lines = [line.replace("(word)", word).replace("(n)", str(n)) for n, word in enumerate(words)]
    fields = ", ".join("f%d: %s" % (n, word) for n, word in enumerate(words))
    return before + "".join(lines) + behind.replace("(all)", fields)


def make_place(folder, place):
    """Words that are refused are taken out until the others pass; (how many passed, the units to compile)."""
    words, before = list(WORDS), PLACES[place][0].count("\n")
    while words:
        write(os.path.join(folder, "n.yaml"), place_text(place, words))
        status, said = larder("generate", "-o", "out", "--emit", "c,mock,docs,acl,env,alerts", "n.yaml", cwd=folder)
        if status == 0:
            break
        wrong = {int(line) - before - 1 for line in re.findall(r"^n\.yaml:(\d+):\d+: error:", said, re.M)}
        wrong = {n for n in wrong if 0 <= n < len(words)}
        if not is_refused(status, said, "n.yaml") or not wrong:
            fail("%s: exit %d" % (place, status), said)
            return 0, []
        words = [word for n, word in enumerate(words) if n not in wrong]
    base = os.path.join(folder, "out", "n_cache")
    return len(words), as_c(base + "_mock.c") + as_cxx(base + "_mock.h", "-Wno-pragma-once-outside-header")


def make_service(folder, kind):
    bases = []
    for n, word in enumerate(WORDS):
        name = "n%d.yaml" % n
        write(os.path.join(folder, name), ("larder: 1\nservice: (word)\n" + SERVICES[kind]).replace("(word)", word))
        status, said = larder("generate", "-o", ".", "--emit", "c,mock,acl", name, cwd=folder)
        if status == 0:
            bases.append("n%d" % n)
        elif not is_refused(status, said, name):
            fail("%s '%s': exit %d" % (kind, word, status), said)
        if os.path.exists(os.path.join(folder, "caches.acl.conf")):
            os.remove(os.path.join(folder, "caches.acl.conf"))
    system = "".join("#include <%s>\n" % name for name in SYSTEM)
    write(os.path.join(folder, "all.cc"), system + "".join('#include "%s_cache_mock.h"\n' % base for base in bases))
    text = ["#define _GNU_SOURCE\n", system]
    for base in bases:
        text += ["#undef %s\n#define %s %s_%s\n" % (name, name, name, base) for name in STATICS]
        text.append('#include "%s_cache_mock.c"\n' % base)
    write(os.path.join(folder, "all.c"), "".join(text))
    return len(bases), as_c(os.path.join(folder, "all.c")) + as_cxx(os.path.join(folder, "all.cc"))


def main():
    made, tried, commands = 0, 0, []
    with tempfile.TemporaryDirectory() as work:
        for make, places in ((make_place, PLACES), (make_service, SERVICES)):
            for place in places:
                count, units = make(os.path.join(work, re.sub("[^a-z]+", "_", place)), place)
                made, tried, commands = made + count, tried + len(WORDS), commands + units
        compile_all(commands)
    finish("%d words, %d names made, %d refused, %d compilations" % (len(WORDS), made, tried - made, len(commands)))


main()
