# SPDX-License-Identifier: MIT
"""house - the rules of the house, read off the sources.

Who may include whom, which foreign header belongs to which file, what may not be used where, how
a file begins and how long it may be. Prints each breach with its place; exits with 1 if any.
"""
import os
import re
import sys

TOP = os.environ["METERSIM_TOP"]

# folder: folders of the project that it may include
MAY_INCLUDE = {
    "base": {"base"},
    "metrology": {"base", "metrology"},
    "meter": {"base", "metrology", "meter"},
    "protocols": {"base", "metrology", "meter", "protocols"},
    "sim": {"base", "metrology", "meter", "protocols", "sim"},
}

# foreign header: the only .c file of the product that may have it
FOREIGN = {
    "ev.h": "sim/loop.c",
    "yaml.h": "sim/conf_node.c",
    "microhttpd.h": "sim/http.c",
    "sndfile.h": "sim/recording_snd.c",
    "modbus.h": "protocols/modbus/mbpdu.c",
    "libserialport.h": "sim/port_tty.c",
    "termios.h": "sim/tty_plain.c",
    "netdb.h": "sim/tcp_server.c",
    "getopt.h": "sim/options.c",
    "sys/inotify.h": "sim/pty_watch.c",
    "asm/termbits.h": "sim/port_pty.c",
    "sys/timerfd.h": "sim/loop.c",
    "signal.h": "sim/main.c",
    "time.h": "sim/clk_real.c",
}

# system headers that pure folders have no use for; mbpdu owns a private socketpair
PURE = ("metrology", "meter", "protocols")
NOT_PURE = {"ev.h", "termios.h", "sys/socket.h", "yaml.h", "fcntl.h", "unistd.h", "time.h",
            "sys/ioctl.h", "sys/stat.h"}
PURE_EXCEPT = {"protocols/modbus/mbpdu.c": {"sys/socket.h", "unistd.h"}}

# words that a folder may not use, with the reason; product code only
FORBIDDEN = [
    (r"\bsetlocale\s*\(", "text numbers never through locale", None),
    (r"\b(rand|srand|random|drand48)\s*\(", "chance comes from base/rng", None),
    (r"\bclock_gettime\s*\(", "time comes from a struct clk", {"sim/clk_real.c"}),
    (r"\b(sleep|usleep|nanosleep)\s*\(", "nothing sleeps", None),
    (r"\b(strcpy|strcat|sprintf|gets)\s*\(", "unbounded", None),
    (r"__attribute__\s*\(\(\s*packed", "bytes pass through base/cursor", None),
    (r"^#\s*if(def|ndef)?\b", "files are chosen in meson", None),
    (r"^\s*static (?!const\b|inline\b)[^()]*(=|;)", "no mutable statics", None),
]

# alloc in pure folders: only in functions that create
ALLOCATING = re.compile(r"\b(malloc|calloc|realloc|strdup)\s*\(")
LONGEST = 800

breaches = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def sources(*folders):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(where, name), TOP)


def check_includes(path, lines):
    folder = path.split("/")[0]
    for number, line in enumerate(lines, 1):
        own = re.match(r'#include "([^"]+)"', line)
        foreign = re.match(r"#include <([^>]+)>", line)
        if own:
            target = own.group(1).split("/")[0]
            if "/" not in own.group(1):
                breach(path, number, "includes of the project name their folder")
            elif target not in MAY_INCLUDE[folder]:
                breach(path, number, f"{folder} may not include {target}")
        if foreign:
            header = foreign.group(1)
            if header in FOREIGN and path != FOREIGN[header]:
                breach(path, number, f"<{header}> belongs to {FOREIGN[header]}")
            if (folder in PURE and header in NOT_PURE
                    and header not in PURE_EXCEPT.get(path, set())):
                breach(path, number, f"{folder} is pure: no <{header}>")


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        code = re.sub(r"/\*.*?\*/|\"(\\.|[^\"])*\"", "", line)
        for pattern, reason, allowed in FORBIDDEN:
            if re.search(pattern, code) and path not in (allowed or set()):
                breach(path, number, reason)


def check_allocation(path, lines):
    """In pure folders memory is taken in create functions and in *_use_free only."""
    if path.split("/")[0] not in PURE:
        return
    function = ""
    for number, line in enumerate(lines, 1):
        start = re.match(r"[a-z].*?\b(\w+)\(", line)
        if start and not line.rstrip().endswith(";"):
            function = start.group(1)
        if ALLOCATING.search(line) and not re.search(r"create$|_use_free$", function):
            breach(path, number, f"allocates in {function}(), which is no create")


def check_shape(path, lines):
    name = os.path.splitext(os.path.basename(path))[0]
    if lines[0] != "/* SPDX-License-Identifier: MIT */\n":
        breach(path, 1, "the first line is the SPDX one")
    head = "".join(lines[1:4])
    if not re.match(r"/\*\s*(\* )?" + re.escape(name) + " - ", head):
        breach(path, 2, f"the comment at the top begins with '{name} - '")
    if path.endswith(".h") and "#pragma once\n" not in lines:
        breach(path, 1, "a header has #pragma once")
    if len(lines) > LONGEST:
        breach(path, len(lines), f"longer than {LONGEST} lines")


def check_tests_exist():
    """A module has its tests/unit/test_X.c, or says here what tests it instead."""
    elsewhere = {
        "api": "tests/bus/test_control.py", "api_events": "tests/bus/test_control.py",
        "api_fault": "tests/bus/test_control.py", "api_line": "tests/bus/test_control.py",
        "api_meter": "tests/bus/test_control.py", "api_metrics": "tests/bus/test_control.py",
        "api_world": "tests/bus/test_control.py", "control": "tests/bus/test_control.py",
        "banner": "tests/bus/test_demo.py", "bench": "tests/bus",
        "bench_line": "tests/bus/test_line.py", "bench_meter": "tests/lib",
        "bench_meter_conf": "test_bench_conf.c", "check": "tests/bus/test_options.py",
        "deed": "tests/bus/test_run.py", "director": "tests/bus/test_run.py",
        "report": "tests/bus/test_run.py", "run": "tests/bus/test_run.py",
        "clk_real": "tests/bus/test_line.py", "pty_watch": "test_port_pty.c",
        "player": "test_scenario.c", "intervals_head": "test_intervals.c", "main": "tests/bus/test_options.py",
        "recording_csv": "test_recording.c", "recording_map": "test_recording.c",
        "recording_sidecar": "test_recording.c", "recording_snd": "test_recording.c",
        "recording_text": "test_recording.c", "comtrade_cff": "test_recording_comtrade.c",
        "comtrade_cfg": "test_recording_comtrade.c", "comtrade_frame": "test_recording_comtrade.c",
        "comtrade_names": "test_recording_comtrade.c",
        "comtrade_write": "test_recording_write.c",
        "register_load": "test_model_load.c", "port_modbus_tcp": "tests/bus/test_ports.py",
        "port_tcp": "tests/bus/test_ports.py", "port_tty": "tests/bus/test_ports.py",
        "tcp_server": "tests/bus/test_ports.py", "tty_plain": "tests/bus/test_ports.py",
    }
    for path in sources(*MAY_INCLUDE):
        name = os.path.splitext(os.path.basename(path))[0]
        test = os.path.join(TOP, "tests/unit", f"test_{name}.c")
        if path.endswith(".c") and name not in elsewhere and not os.path.exists(test):
            breach(path, 1, f"has no tests/unit/test_{name}.c")


def main():
    for path in sources(*MAY_INCLUDE):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            lines = file.readlines()
        check_includes(path, lines)
        check_words(path, lines)
        check_allocation(path, lines)
        check_shape(path, lines)
    for path in sources("tests", "tools"):
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            check_shape(path, file.readlines())
    check_tests_exist()
    for line in breaches:
        print(line)
    print(f"{len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
