# SPDX-License-Identifier: MIT
"""man - the man pages and the program, held together both ways.

Options, exit statuses, keys, world points and encodings that the program has stand in its pages,
and the other way round; the pages are clean mdoc; their examples and those that are shipped pass
metersimd --check. Takes the programs as its arguments. Prints what differs; exits with 1 if anything does.
"""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.environ["METERSIM_TOP"]

# page: where the tables of its keys are
KEYS = {
    "metersim.conf.5": ("sim/bench_conf.c", "sim/bench_meter_conf.c", "sim/port_conf.c",
                        "sim/fault_conf.c"),
    "metersim-model.5": ("sim/model_load.c", "sim/register_load.c"),
    "metersim-scenario.5": ("sim/scenario.c", "sim/deed.c"),
    "metersim-recording.5": ("sim/recording_sidecar.c",),
}
PAGES = ("metersimd.1", "metersimctl.1", *KEYS)

# an example with this in it is a whole file
WHOLE = re.compile(r"^(meters|timeline|ratings):", re.MULTILINE)

faults = []


def fault(page, text):
    faults.append(f"man/{page}: {text}")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def page_text(page):
    return read(os.path.join("man", page))


def compare(page, what, have, stand):
    """The program's set and the page's; an empty one means that this test reads it wrongly."""
    if not have:
        fault(page, f"no {what} found in the program: has its source changed?")
    for name in sorted(have - stand):
        fault(page, f"{what} {name} is missing")
    for name in sorted(stand - have):
        fault(page, f"{what} {name} is none of the program's")


def items(page, macro):
    """The names in the list items of a page: .It MACRO NAME [, NAME]..."""
    names = set()
    for line in re.findall(rf"^\.It {macro} (.*)$", page_text(page), re.MULTILINE):
        names.update(word for word in line.split() if re.match(r"[\w/]", word))
    return names


def section(page, title):
    """The text under .Sh or .Ss title, up to the next heading."""
    match = re.search(rf"^\.S[hs] {re.escape(title)}\n(.*?)(?=^\.S[hs] |\Z)", page_text(page),
                      re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def check_program(program, page):
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^ +--([\w-]+)", text, re.MULTILINE))
    stand = set(re.findall(r"^\.It Fl Fl (\S+)", page_text(page), re.MULTILINE))
    compare(page, "option", options, stand)
    synopsis = set(re.findall(r"Fl Fl (\S+)", section(page, "SYNOPSIS")))
    compare(page, "option of the synopsis", options, synopsis)

    sentence = re.search(r"Exit status: (.*?)\.", text, re.DOTALL)
    statuses = set(re.findall(r"\b\d+\b", sentence.group(1) if sentence else ""))
    stand = set(re.findall(r"^\.It (\d+)$", section(page, "EXIT STATUS"), re.MULTILINE))
    compare(page, "exit status", statuses, stand)


def check_commands(program):
    """Commands and options of metersimctl: in its page, and in the completion of the shell."""
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  (\w+) ", text, re.MULTILINE))
    options = set(re.findall(r"^ +(--[\w-]+)", text, re.MULTILINE))
    stand = set(re.findall(r"^\.It Cm (\w+)", page_text("metersimctl.1"), re.MULTILINE))
    compare("metersimctl.1", "command", commands, stand)
    completion = read("tools/metersimctl.bash-completion")
    words = re.search(r'0:\*\) words="([^"]*)"', completion).group(1)
    compare("metersimctl.1", "command of the completion", commands, set(words.split()))
    words = re.search(r'words="(--[^"]*)"', completion).group(1)
    compare("metersimctl.1", "option of the completion", options, set(words.split()))
    words = re.search(r'add\) words="([^"]*)"', completion, re.DOTALL).group(1)
    keys = set(re.findall(r'\.key = "(\w+)"', read("sim/fault_conf.c"))) - {"line"}
    compare("metersimctl.1", "key of a fault in the completion", keys,
            {word.split("=")[0] for word in words.split()})


def check_environment():
    have = set()
    for folder in ("sim", "base"):
        for name in os.listdir(os.path.join(TOP, folder)):
            if name.endswith(".c"):
                have.update(re.findall(r'getenv\("(\w+)"\)', read(os.path.join(folder, name))))
    compare("metersimd.1", "environment variable", have, items("metersimd.1", "Ev"))


def check_keys():
    for page, sources in KEYS.items():
        code = "".join(read(source) for source in sources)
        keys = set(re.findall(r'\.key\s*=\s*"([^"]+)"', code))
        keys.update(re.findall(r'\bCHANNEL\("(\w+)"', code))
        compare(page, "key", keys, items(page, "Cm"))


def names_of(code, table):
    """The strings of a table of names, up to its NULL."""
    match = re.search(rf"\b{table}\[\] = {{(.*?)NULL}}", code, re.DOTALL)
    return re.findall(r'"([^"]+)"', match.group(1)) if match else []


def check_choices():
    """What a key may be stands in its page somewhere as a word of the program."""
    for page, sources in KEYS.items():
        words = set()
        for line in re.findall(r"\b(?:Cm|Dv) (.*)", page_text(page)):
            words.update(re.findall(r"[\w-]+", line))
        for source in sources:
            code = read(source)
            for table in re.findall(r"\b(\w+_names)\[\w*\] = {", code):
                for name in set(names_of(code, table)) - words:
                    fault(page, f"'{name}' of {source}, {table}, is missing")


def check_encodings():
    have = set(names_of(read("sim/register_load.c"), "encoding_names"))
    compare("metersim-model.5", "encoding", have, items("metersim-model.5", "Dv"))


def check_points():
    """Every point of the meter stands in the list of points; their parts are told in words."""
    code = read("meter/point.c")
    have = set(re.findall(r'\.name = "([^"]+)"', code))
    have.update(re.findall(r'\b(?:QUANTITY|ENERGIES)\("([^"]+)"', code))
    have.update(name + ".x" for name in re.findall(r'\bPHASES\("([^"]+)"', code))
    stand = set(re.findall(r"^\.It Va (\S+) Ta", section("metersim-model.5", "Points"),
                           re.MULTILINE))
    compare("metersim-model.5", "point", have, stand)


def settings_of_points():
    names = re.findall(r'\.name = "setting\.(\w+)"', read("meter/point.c"))
    return set(names) | {"tariff"}


def check_settings():
    compare("metersim.conf.5", "setting", settings_of_points(), items("metersim.conf.5", "Va"))


def number(text):
    return text.replace("-", r"\-")


def words_of(code, table):
    """The words of a world point as its page has them."""
    names = names_of(code, table)
    if names == ["false", "true"]:
        return "true or false"
    return " or ".join([", ".join(names[:-1]), names[-1]])


def world_points():
    """name: its range as the page has it"""
    code = read("sim/world.c")
    limits = dict(re.findall(r"#define SYNTH_FREQ_(MIN|MAX)\s+(\d+)", read("metrology/synth.h")))
    found = {}

    singles = re.search(r"\bsingle_rows\[\] = {\n(.*?)\n};", code, re.DOTALL)
    for name, row in re.findall(r'{"([\w.]+)",\s*({.*?})}', singles.group(1) if singles else "",
                                re.DOTALL):
        words = re.search(r"\.names = (\w+)", row)
        found[name] = (words_of(code, words.group(1)) if words
                       else f"{limits['MIN']}..{limits['MAX']} Hz")
    for name, words in re.findall(r'{"([\w.]+)", WORLD\(\w+\), (\w+)}', code):
        found[name] = "0..100" if words == "NULL" else words_of(code, words)
    for name, low, high, unit in re.findall(
            r'{"([\w.]+)", PHASE\(\w+\), (-?\d+), (-?\d+), "([^"]+)", [\d.]+}', code):
        found[name] = (f"{number(low)}..1.2 Imax, in {unit}" if high == "0"
                       else f"{number(low)}..{high} {unit}")
    for name in re.findall(r'{"([\w.]+\.)", PHASE\(\w+\)}', code):
        found[name + "N"] = "0..100 %"
        if '".angle"' in code:
            found[name + "N.angle"] = number("-360") + "..360 deg"
    return found


def check_world():
    page = "metersim-scenario.5"
    have = world_points()

    compare(page, "world point", set(have), items(page, "Va"))
    for name, limits in have.items():
        item = re.search(rf"^\.It Va {re.escape(name)}\n(.*)", page_text(page), re.MULTILINE)
        if item and not item.group(1).startswith(limits + "."):
            fault(page, f"{name}: its range is {limits}")


def check_mdoc():
    for page in PAGES:
        result = subprocess.run(
            ["mandoc", "-T", "lint", "-W", "warning", os.path.join(TOP, "man", page)],
            capture_output=True, text=True, check=False)
        for line in result.stdout.splitlines():
            fault(page, line)
        if result.returncode and not result.stdout:
            fault(page, f"mandoc: exit status {result.returncode}: {result.stderr.strip()}")


def examples(page):
    """Literal displays, as a reader would copy them."""
    for text in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page_text(page),
                           re.MULTILINE | re.DOTALL):
        yield text.replace("\\&", "").replace("\\-", "-").replace("\\e", "\\")


def check_examples(program):
    environment = {name: value for name, value in os.environ.items() if name != "METERSIM_DATA"}
    for page in ("metersim.conf.5", "metersim-scenario.5", "metersim-model.5"):
        whole = [text for text in examples(page) if WHOLE.search(text)]
        if not whole:
            fault(page, "has no example of a whole file")
        for text in whole:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "example.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                result = subprocess.run([program, "--check", path], env=environment,
                                        capture_output=True, text=True, check=False)
            if result.returncode:
                fault(page, f"example: {result.stderr.strip()}")


def check_shipped(program):
    """The files of conf/examples are valid, and the page of the configuration names them."""
    folder = os.path.join(TOP, "conf/examples")
    have = {f"examples/{name}" for name in os.listdir(folder)}
    stand = {path[path.index("examples/"):] for path in items("metersim.conf.5", "Pa")
             if "examples/" in path}
    compare("metersim.conf.5", "shipped file", have, stand)
    for name in sorted(os.listdir(folder)):
        result = subprocess.run([program, "--check", os.path.join(folder, name)],
                                capture_output=True, text=True, check=False)
        if result.returncode:
            faults.append(f"conf/examples/{name}: {result.stderr.strip()}")


def check_build():
    """All pages, and no others, are there and get installed."""
    there = {name for name in os.listdir(os.path.join(TOP, "man")) if name != "meson.build"}
    installed = set(re.findall(r"'([^']+)'", read("man/meson.build")))

    for name in sorted(there ^ set(PAGES)):
        fault(name, "is not one of the pages that this test knows and finds")
    for name in sorted(there ^ installed):
        fault(name, "is not installed by man/meson.build, or not there")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: man.py METERSIMD METERSIMCTL")
    check_program(sys.argv[1], "metersimd.1")
    check_program(sys.argv[2], "metersimctl.1")
    check_commands(sys.argv[2])
    check_environment()
    check_keys()
    check_choices()
    check_encodings()
    check_points()
    check_settings()
    check_world()
    check_mdoc()
    check_examples(sys.argv[1])
    check_shipped(sys.argv[1])
    check_build()
    for line in faults:
        print(line)
    print(f"{len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
