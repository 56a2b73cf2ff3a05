"""Tables of one's own: what is read, and what is named when it cannot be."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from backprop_kit.data import read_csv, table

FLOWERS = "length,width,kind\n1.5,0.2,b\n2,3e-1,a\n-0.5,.4,b\n7,1,c\n"


def rows_of(data):
    return [[*x, *np.atleast_1d(y)] for x, y in zip(data.x.tolist(), data.y.tolist(), strict=True)]


def test_words_in_the_target_are_classes():
    data = read_csv(FLOWERS)
    assert data.names == ("length", "width") and data.classes == ("a", "b", "c")
    assert data.x.tolist() == [[1.5, 0.2], [2, 0.3], [-0.5, 0.4], [7, 1]]
    assert data.y.tolist() == [1, 0, 1, 2] and data.y.dtype.kind == "i"
    assert data.recipe is None


def test_two_classes_are_a_column_of_0_and_1():
    for text in ("1,yes\n2,no\n3,yes\n", "1,2\n2,1\n3,2\n"):
        data = read_csv(text)
        assert data.y.tolist() == [[1.0], [0.0], [1.0]] and data.names is None
    assert data.classes == ("1", "2")


def test_numbers_in_the_target_stay_numbers():
    data = read_csv("a,t\n1,0.5\n2,3\n3,-1e3\n")
    assert data.y.tolist() == [[0.5], [3.0], [-1000.0]] and data.classes is None
    many = "".join(f"{i},{i}\n" for i in range(11))
    assert read_csv(many).classes is None
    assert read_csv(many[:-6]).classes == tuple("0123456789")
    assert read_csv("0,10\n0,9\n0,-1\n").classes == ("-1", "9", "10")  # by size, not by spelling
    assert read_csv("0,+1\n0,01\n0,2\n").y.tolist() == [[0.0], [0.0], [1.0]]


@pytest.mark.parametrize("target", ["width", 1, -2])
def test_the_target_is_chosen_by_place_or_name(target):
    data = read_csv("length,width,size\n1,5.5,7\n2,6.5,8\n", target)
    assert data.names == ("length", "size") and data.x.tolist() == [[1, 7], [2, 8]]
    assert data.y.tolist() == [[5.5], [6.5]]


@pytest.mark.parametrize("text", [
    "1,5;2;a\n-0,5;1e1;b\n", "1,5\t2\ta\n-0,5\t10\tb\n", "1.5;2,0;a\r\n-.5;10,;b\r\n",
    '"1.5","2","a"\n"-0.5","10","b"\n', "\ufeff 1.5 , 2 , a \n\n -0.5, 10 ,b\n\n",
    "1.5,2,a\r-0.5,10,b\r",
])  # fmt: skip
def test_spellings_of_one_table(text):
    data = read_csv(text)
    assert data.x.tolist() == [[1.5, 2.0], [-0.5, 10.0]]
    assert data.y.tolist() == [[0.0], [1.0]] and data.classes == ("a", "b")


def test_a_header_is_told_from_the_first_row():
    assert read_csv("1,a\n2,b\n").names is None
    assert read_csv("x,a\n2,b\n3,c\n").names == ("x",)
    assert read_csv("2019,growth\n2,0.5\n3,0.7\n").names == ("2019",)
    assert len(read_csv('"a, or b",t\n1,2.5\n2,3.5\n').names) == 1


@given(
    table=st.lists(st.tuples(*[st.floats(-1e300, 1e300)] * 3), min_size=2, max_size=20),
    mark=st.sampled_from(",;\t"), header=st.booleans(), comma=st.booleans(),
)  # fmt: skip
@settings(deadline=None)
def test_numbers_come_back_to_the_last_bit(table, mark, header, comma):
    if len({r[2] for r in table}) < 2:
        return
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark)
    if header:
        writer.writerow(["a", "b", "t"])
    for row in table:
        fields = [repr(v) for v in row]
        writer.writerow([f.replace(".", ",") for f in fields] if comma and mark != "," else fields)
    data = read_csv(out.getvalue())
    assert data.x.tolist() == [list(row[:2]) for row in table]
    assert data.y.tolist() == [[row[2]] for row in table]
    assert data.names == (("a", "b") if header else None)


def test_a_file_is_read_in_any_of_the_usual_encodings(tmp_path):
    path = tmp_path / "table.csv"
    text = "Länge;Art\n1,5;rot\n2,5;grün\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        path.write_bytes(text.encode(encoding))
        for source in (path, str(path)):
            data = read_csv(source)
            assert data.names == ("Länge",) and data.classes == ("grün", "rot")


def test_a_seed_draws_the_rows_set_aside():
    text = "".join(f"{i},{i % 3}\n" for i in range(50))
    one, same, other = read_csv(text, seed=3), read_csv(text, seed=3), read_csv(text, seed=4)
    assert len(one.test) == 10 and len(read_csv(text, test=0).split[1]) == 0
    np.testing.assert_array_equal(one.test.x, same.test.x)
    assert one.test.x.tolist() != other.test.x.tolist()
    assert len(read_csv("1,a\n2,b\n", test=0.9).train) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,t\n1,2,x\n1,zwei,y\n", "Line 3 has 'zwei' in 'b', which is no finite number"),
        ("1,2,x\n3,,y\n", "Line 2 has nothing in 'column 2'"),
        ("1,2,x\n3,4,\n", "Line 2 has nothing in 'column 3'"),
        ("a,t\n1,x\nnan,y\n", "Line 3 has 'nan' in 'a', which is no finite number"),
        ("a,t\n1,x\n-inf,y\n", "Line 3 has '-inf'"), ("a,t\n1,x\n1e999,y\n", "Line 3 has '1e999'"),
        ("a,t\n1,x\n1_000,y\n", "Line 3 has '1_000'"),
        ("a;t\n1;x\n1.000,5;y\n", "Line 3 has '1.000,5'"),
        ("a,t\n1,x\n__import__('os').getpid(),y\n", "Line 3 has \"__import__('os').getpid()\""),
        ("a,b,t\n1,2,x\n1,2\n", "Line 3 has 2 fields; line 1 has 3"),
        ("a;b;t\n1;2;x\n1\n", "Line 3 has 1 field; line 1 has 3"),
        ("1,x\n2,x\n", "Every line has the same target in 'column 2': 'x'"),
        ("1,2.5\n2,2.5\n", "Every line has the same target in 'column 2': '2.5'"),
        ("1,3\n2,4\n3,five\n", "The target 'column 2' has numbers, but 'five' on line 3"),
        ("\n\n", "The table is empty"), ("a,b\n", "The table has a header and no rows"),
        ("1\n2\n", "The table has a single column"),
        ('a,t\n1,x\n2,"y\n', ""),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named(text, words):
    if not words:  # an open quotation mark swallows the rest of the file, or is an error
        assert read_csv(text).classes == ("x", "y")
        return
    with refused(ValueError, words):
        read_csv(text)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("kin", "'kin' is not in the first line: length, width, kind"),
        (3, "target is 3; the table has 3 columns"), (-4, "target is -4"), (None, "target is None"),
        (1.0, "target is 1.0"), (True, "target is True"),
    ],
)  # fmt: skip
def test_a_target_that_is_not_there_is_refused(target, words):
    with refused(ValueError, words):
        read_csv(FLOWERS, target)
    with refused(ValueError, "'a' stands twice or more in the first line: a, a, t"):
        read_csv("a,a,t\n1,2,3\n2,3,4\n", "a")


def test_what_is_no_file_is_refused(tmp_path, monkeypatch):
    with refused(ValueError, "'flowers.csv' cannot be read: no such file or directory"):
        read_csv("flowers.csv")
    with refused(ValueError, "cannot be read: it is no file"):
        read_csv(tmp_path)
    (tmp_path / "book.xlsx").write_bytes(b"PK\0\0")
    with refused(ValueError, "'book.xlsx' is no plain text"):
        read_csv(tmp_path / "book.xlsx")
    for source in (None, 3, b"1,2\n3,4\n", [[1, 2]]):
        with refused(TypeError, f"read_csv got {type(source).__name__}"):
            read_csv(source)
    monkeypatch.setattr(table, "MOST_BYTES", 20)
    (tmp_path / "long.csv").write_text(FLOWERS)
    for source in (tmp_path / "long.csv", FLOWERS):
        with refused(ValueError, "The table is too large"):
            read_csv(source)


def test_a_table_of_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(table, "MOST_ROWS", 5)
    assert len(read_csv("a,t\n" + "1,x\n2,y\n" * 2 + "3,z\n")) == 5
    with refused(ValueError, "too large (more than 5 rows)"):
        read_csv("a,t\n" + "1,x\n2,y\n" * 3)
    with refused(ValueError, "too large (6 rows)"):
        read_csv("1,x\n2,y\n" * 3)


def test_a_field_without_end_is_refused():
    with refused(ValueError, "cannot be taken apart"):
        read_csv(f"1,{'x' * 200_000}\n2,y\n")


def test_settings_are_checked():
    with refused(ValueError, "test is 1"):
        read_csv(FLOWERS, test=1)
    with refused(ValueError, "seed is 0.5"):
        read_csv(FLOWERS, seed=0.5)


def test_minus_zero_is_zero_and_a_quoted_mark_is_text():
    assert read_csv("a,t\n1,-0\n2,0\n3,1\n").y.tolist() == [[0.0], [0.0], [1.0]]
    assert read_csv('"a;b",t\n1,2.5\n3,4\n').names == ("a;b",)
    with refused(ValueError, "cannot be read"):
        read_csv("a\0b.csv")
