"""Broken text tables."""

import gzip

import pytest

from tests.datasets.faults import Cases, assert_refused, whole

CASES = Cases()
case = CASES.add


for step in range(20):

    @case(f"csv-cut-{step}")
    def _(folder, step=step):
        path = whole(folder, "csv")
        lines = path.read_text(encoding="utf-8").splitlines()
        line = lines[step]
        lines[step:] = [line[: line.rindex(",", 0, len(line) - 2 - 5 * step)]]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path, f"line {step + 1}" if step else "has a header and no row"


HEAD = "label,pixel0,pixel1,pixel2,pixel3\n"
for name, text, says in (
    ("empty", "", "is empty"),
    ("blank-lines", "\n\n\n", "is empty"),
    ("header-only", HEAD, "no row"),
    ("short-row", HEAD + "a,1,2,3,4\nb,1,2,3\n", "line 3: has 4 columns"),
    ("long-row", HEAD + "a,1,2,3,4\nb,1,2,3,4,5\n", "line 3: has 6 columns"),
    ("late-row", HEAD + "a,1,2,3,4\n" * 2500 + "b,1\n", "line 2502: has 2 columns"),
    ("after-blank-lines", HEAD + "a,1,2,3,4\n\n\nb,1,2,x,4\n", "line 5, column 4: 'x'"),
    ("word", HEAD + "a,1,2,three,4\n", "line 2, column 4: 'three'"),
    ("hole", HEAD + "a,1,,3,4\n", "line 2, column 3: ''"),
    ("nan", HEAD + "a,1,nan,3,4\n", "line 2, column 3 is nan"),
    ("infinite", HEAD + "a,1,inf,3,4\n", "line 2, column 3 is inf"),
    ("negative", HEAD + "a,1,-2,3,4\n", "line 2, column 3 is -2: not in 0 to 255"),
    ("too-bright", HEAD + "a,1,2,3,256\n", "line 2, column 5 is 256: not in 0 to 255"),
    ("fraction", HEAD + "a,1,2,0.5,4\n", "line 2, column 4 is 0.5: neither whole nor in 0 to 1"),
    ("hexadecimal", HEAD + "a,1,0x2,3,4\n", "line 2, column 3: '0x2'"),
    ("enormous", HEAD + "a,1," + "9" * 5000 + ",3,4\n", "line 2, column 3"),
    ("wide-pixel", HEAD + "a,1,2,3,4\nb,1,2,3," + "1" * 140_000 + "\n", "line 3, column 5 is inf: no number"),
    ("wide-heading", "label,pixel0" + "0" * 140_000 + "\na,1\n", "line 1: cannot be read (field larger than"),
    ("two-delimiters", HEAD + "a;1;2;3;4\n", "line 2: has 1 columns"),
    ("no-label", "x1,x2,x3,x4\n1,2,3,4\n", "line 1: no label column"),
    ("two-labels", "label,class,pixel0\na,b,1\n", "line 1: 2 label columns".replace("columns", "column")),
    ("no-pixels", "label,part\na,train\n", "line 1: has no pixel column"),
    ("one-column", "label\na\n", "line 1: has one column"),
    ("not-square", "label,pixel0,pixel1,pixel2\na,1,2,3\nb,1,2,3\n", "3 pixels"),
    ("shape-wrong", "label,1x1,1x2,2x3\na,1,2,3\n", "2x3"),
    ("shape-order", "label,1x1,2x1,1x2,2x2\na,1,2,3,4\n", "2x2"),
    ("unknown-part", "label,part,pixel0\na,train,1\nb,other,2\n", "line 3: part 'other'"),
    ("empty-label", HEAD + "a,1,2,3,4\n\n,1,2,3,4\n", "line 4: class name ''"),
    ("unprintable-label", HEAD + "a\x07,1,2,3,4\n", "line 2: class name"),
    ("long-label", HEAD + "a" * 200 + ",1,2,3,4\n", "class name"),
    ("open-quotation", HEAD + 'a,1,2,3,4\n"b,1,2,3,4\nc,1,2,3,4\n', "line"),
    ("zero-byte", HEAD + "a,1,\0,3,4\n", "line 2, column 3"),
    ("no-header-ragged", "1,2,3,4,5\n1,2,3,4\n", "line 2: has 4 columns"),
    ("no-header-word", "a,2,3,4,5\nb,2,x,4,5\n", "line 2, column 3: 'x'"),
    ("html", "<html><body>not found</body></html>\n", "line 1: has one column"),
):

    @case(f"csv-{name}")
    def _(folder, text=text, says=says):
        (folder / "data.csv").write_text(text, encoding="utf-8")
        return folder / "data.csv", says


for name, content, says in (
    ("latin", HEAD.encode() + b"\xe9,1,2,3,4\n", "UTF-8"),
    ("binary", bytes(range(256)) * 4, "data.csv"),
    ("gzip", gzip.compress(HEAD.encode()), "data.csv"),
    ("utf-16", (HEAD + "a,1,2,3,4\n").encode("utf-16"), "data.csv"),
    ("one-endless-line", b"1," * (9 << 20), "line 1: is longer"),
):

    @case(f"csv-{name}")
    def _(folder, content=content, says=says):
        (folder / "data.csv").write_bytes(content)
        return folder / "data.csv", says


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name, tmp_path, cache):
    assert_refused(CASES[name], tmp_path, cache)
