"""Import and export of the older form, `MAC;IP;hostname;last_used` (no header, MAC in capitals, whole seconds)."""

import os
import random
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration import transfer
from pydhcpd.migration.forms import OLDER
from pydhcpd.migration.transfer import export_leases, import_leases
from pydhcpd.process.locks import DatabaseLock

GOOD = """02:00:00:00:99:01;192.0.2.7;boss;1700000000
02:00:00:00:99:02;192.0.2.8;;1700000001
"""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "leases.db"


@pytest.fixture
def imported(tmp_path, database, capsys):
    """Imports text (or bytes) as a file; returns the exit code and what was said on both outputs."""
    def run(text, lease_time=3600):
        file = tmp_path / "hosts.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = import_leases(database, [str(file)], lease_time)
        said = capsys.readouterr()
        return code, said.out, said.err
    return run


def hosts_of(database):
    store = SQLiteStore(database)
    try:
        return list(HostDatabase(store).all())
    finally:
        store.close()


def exported(database, tmp_path):
    target = tmp_path / "out.csv"
    assert export_leases(database, str(target)) == 0
    return target.read_bytes().decode("utf-8", "surrogateescape")


def test_hosts_are_imported_with_a_lease_from_their_last_use(imported, database):
    code, out, err = imported(GOOD)
    assert (code, err) == (0, "")
    assert out == f"2 hosts imported into {database}\n"
    one, other = hosts_of(database)
    assert (one.mac, one.ip, one.hostname, one.last_used, one.expires) == (
        "02:00:00:00:99:01", "192.0.2.7", "boss", 1_700_000_000, 1_700_003_600)
    assert (other.mac, other.ip, other.hostname) == ("02:00:00:00:99:02", "192.0.2.8", "")


def test_what_is_imported_is_exported_as_it_was(imported, database, tmp_path, capsys):
    imported(GOOD)
    assert exported(database, tmp_path) == GOOD
    assert capsys.readouterr().out == f"2 hosts exported to {tmp_path / 'out.csv'}\n"


def test_a_dash_is_standard_output(imported, database, capsys):
    imported(GOOD)
    assert export_leases(database, "-") == 0
    assert capsys.readouterr().out == GOOD


READABLE = [
    ("02-00-00-00-99-01;192.0.2.7;boss;1700000000", "02:00:00:00:99:01;192.0.2.7;boss;1700000000"),
    ("02:00:00:00:99:0a;192.0.2.7;boss;1700000000", "02:00:00:00:99:0A;192.0.2.7;boss;1700000000"),
    ("02:00:00:00:99:01;192.0.2.7;boss;1700000000.75", "02:00:00:00:99:01;192.0.2.7;boss;1700000000"),
    ("02:00:00:00:99:01;192.0.2.7;boss;", "02:00:00:00:99:01;192.0.2.7;boss;0"),
    ('02:00:00:00:99:01;192.0.2.7;"a;b";1700000000', '02:00:00:00:99:01;192.0.2.7;"a;b";1700000000'),
    ("02:00:00:00:99:01;192.0.2.7;büro;1700000000", "02:00:00:00:99:01;192.0.2.7;büro;1700000000"),
    ("02:00:00:00:99:01;192.0.2.7;two words;1700000000", "02:00:00:00:99:01;192.0.2.7;two words;1700000000"),
    ("\r\n\n02:00:00:00:99:01;192.0.2.7;boss;1700000000\r", "02:00:00:00:99:01;192.0.2.7;boss;1700000000"),
    ("00:11:22:33:44:55:66:77;192.0.2.7;ib;1700000000", "00:11:22:33:44:55:66:77;192.0.2.7;ib;1700000000"),
]


@pytest.mark.parametrize(("line", "again"), READABLE)
def test_what_can_be_read_is_written_in_the_usual_form(imported, database, tmp_path, line, again):
    assert imported(line + "\n")[0] == 0
    assert exported(database, tmp_path) == again + "\n"


BAD = [
    ("02:00:00:00:99:01;192.0.2.7;boss", "3 fields"),
    ("02:00:00:00:99:01;192.0.2.7;a;b;1700000000", "5 fields"),  # the older server did not quote
    ("mac;ip;hostname;last_used", "last_used 'last_used'"),  # a header, which the older form has not
    (";192.0.2.7;boss;1700000000", "not a hardware address"),
    ("02:00:00:00:99:zz;192.0.2.7;boss;1700000000", "not a hardware address"),
    ("02:00:00:00:99:01;192.0.2.700;boss;1700000000", "not an IPv4 address"),
    ("02:00:00:00:99:01;;boss;1700000000", "not an IPv4 address"),
    ("02:00:00:00:99:01;192.0.2.7;boss;yesterday", "last_used 'yesterday'"),
    ("02:00:00:00:99:01;192.0.2.7;boss;-1", "last_used '-1'"),
    ("02:00:00:00:99:01;192.0.2.7;boss;nan", "last_used 'nan'"),
    ("02:00:00:00:99:01;192.0.2.7;boss;1e400", "last_used '1e400'"),
    ("02:00:00:00:99:01;192.0.2.7;boss;9999999999", "last_used '9999999999'"),
]


@pytest.mark.parametrize(("line", "why"), BAD)
def test_a_line_that_cannot_be_read_is_told_and_costs_no_other(imported, database, line, why):
    code, out, err = imported(GOOD.replace("\n", f"\n{line}\n", 1))
    assert code == 1
    assert "2 hosts imported" in out and "1 lines could not be read" in out
    assert "line 2: " in err and why in err
    assert len(hosts_of(database)) == 2


def test_a_quotation_mark_that_does_not_end_costs_its_line_alone(imported, database):
    imported('02:00:00:00:99:01;192.0.2.7;"a;1700000000\n' + GOOD.replace("192.0.2.7", "192.0.2.9"))
    assert {one.ip for one in hosts_of(database)} >= {"192.0.2.8", "192.0.2.9"}


def test_many_bad_lines_are_counted_and_few_are_shown(imported):
    code, out, err = imported("bad;\n" * 1000)
    assert (code, len(err.splitlines())) == (1, transfer.REPORTED)
    assert "1000 lines could not be read" in out


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", b"a\0b", "\u202ex".encode(), b"\x1b[2J"])
def test_names_that_are_no_plain_text_stay_one_line_of_valid_text(imported, database, tmp_path, name):
    assert imported(b"02:00:00:00:99:01;192.0.2.7;" + name + b";1700000000\n")[0] == 0
    text = exported(database, tmp_path)
    assert text.startswith("02:00:00:00:99:01;192.0.2.7;")
    assert text.endswith(";1700000000\n")
    assert text.count("\n") == 1 and text[:-1].isprintable()
    assert imported(text)[0] == 0


def test_of_two_lines_with_one_address_the_later_use_stays(imported, database):
    for order in (1, -1):
        lines = ["02:00:00:00:99:01;192.0.2.7;old;1600000000\n", "02:00:00:00:99:02;192.0.2.7;new;1700000000\n"][::order]
        imported("".join(lines))
        assert [one.hostname for one in hosts_of(database)] == ["new"]


def test_one_hardware_address_may_stand_on_several_lines(imported, database):
    imported(GOOD.replace("99:02", "99:01"))
    assert [one.ip for one in hosts_of(database)] == ["192.0.2.7", "192.0.2.8"]


def test_what_was_used_later_than_the_imported_stays(imported, database):
    imported(GOOD)
    imported(GOOD.replace("1700000000", "1600000000").replace("boss", "older"))
    imported(GOOD.replace("1700000001", "1800000000").replace(";;", ";newer;"))
    assert [one.hostname for one in hosts_of(database)] == ["boss", "newer"]


def test_a_lease_time_without_end_does_not_run_over(imported, database):
    imported(GOOD, lease_time=0xFFFFFFFF)
    assert [one.expires for one in hosts_of(database)] == [None, None]


# --- what goes wrong


def test_an_import_while_a_daemon_holds_the_database_says_so(database):
    SQLiteStore(database).close()
    lock = DatabaseLock(database)
    lock.acquire()
    try:
        with pytest.raises(InvalidValue, match=f"in use by process {os.getpid()}"):
            import_leases(database, ["/dev/null"], 3600)
    finally:
        lock.release()
    assert import_leases(database, ["/dev/null"], 3600) == 0


def test_an_export_reads_beside_a_daemon_that_writes(imported, database, tmp_path):
    imported(GOOD)
    lock, store = DatabaseLock(database), SQLiteStore(database)
    lock.acquire()
    try:
        hosts = HostDatabase(store)
        hosts.add(next(hosts.get(ip="192.0.2.7"))._replace(mac="02:00:00:00:99:03", ip="192.0.2.9", hostname="new"))
        assert exported(database, tmp_path).splitlines()[-1] == "02:00:00:00:99:03;192.0.2.9;new;1700000000"
    finally:
        store.close()
        lock.release()


def test_an_export_creates_no_database(tmp_path):
    with pytest.raises(InvalidValue, match="there is no lease database"):
        export_leases(tmp_path / "leases.db", "-")
    assert list(tmp_path.iterdir()) == []


def test_another_programs_database_is_not_exported(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE leases (x)")
    with pytest.raises(InvalidValue, match="no lease database of pydhcpd"):
        export_leases(tmp_path / "other.db", "-")


def test_an_export_over_a_device_writes_to_it_and_leaves_it_there(imported, database, tmp_path):
    """/dev/null of the whole machine, say."""
    imported(GOOD)
    device = tmp_path / "null"
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3)) if os.geteuid() == 0 else pytest.skip("only root makes devices")
    assert export_leases(database, str(device)) == 0
    assert stat.S_ISCHR(device.lstat().st_mode)
    full = tmp_path / "full"
    os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    with pytest.raises(InvalidValue, match="No space left on device"):
        export_leases(database, str(full))


def test_an_export_over_a_link_writes_to_what_it_leads_to(imported, database, tmp_path):
    imported(GOOD)
    (tmp_path / "target").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert export_leases(database, str(tmp_path / "link")) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == GOOD


def test_an_export_into_a_pipe(imported, database, tmp_path):
    imported(GOOD)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert export_leases(database, str(pipe)) == 0
    assert reader.communicate(timeout=20)[0] == GOOD


def test_an_export_follows_no_planted_file(imported, database, tmp_path):
    imported(GOOD)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("out.csv.part", ".out.csv.part", "out.csv.tmp"):
        (tmp_path / name).symlink_to(victim)
    assert exported(database, tmp_path) == GOOD
    assert victim.read_text() == "precious"


def test_an_export_keeps_the_mode_of_what_it_replaces(imported, database, tmp_path):
    imported(GOOD)
    (tmp_path / "out.csv").touch(0o600)
    exported(database, tmp_path)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize("words", [["-help"], ["-version"], ["-export", "-"]])
@pytest.mark.parametrize("output", ["closed pipe", "/dev/full"])
def test_output_that_cannot_be_written_ends_without_a_traceback(imported, database, words, output):
    imported(GOOD)
    if output == "closed pipe":
        read, out = os.pipe()
        os.close(read)
    else:
        out = os.open(output, os.O_WRONLY)
    done = subprocess.run([sys.executable, "-m", "pydhcpd", *words, "-host_file", str(database), "-interface", "any"],
                          cwd=Path(__file__).parents[2], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    os.close(out)
    assert done.returncode == 1
    assert done.stderr == ("" if output == "closed pipe" else "pydhcpd: No space left on device\n")


def test_a_file_that_is_missing_is_told(database):
    with pytest.raises(InvalidValue, match="No such file"):
        import_leases(database, ["/no/such/file"], 3600)


def test_a_database_that_is_missing_is_told_and_not_made(database):
    with pytest.raises(InvalidValue, match="there is no lease database"):
        export_leases(database, "-")
    assert not database.exists()


def test_a_hosts_file_is_no_lease_database(tmp_path):
    file = tmp_path / "hosts.csv"
    file.write_text(GOOD)
    with pytest.raises(InvalidValue, match=f"pydhcpd -host_file NEW_FILE -import {file}"):
        SQLiteStore(file)
    assert file.read_text() == GOOD


def test_an_export_that_fails_leaves_the_target_as_it_was(imported, database, tmp_path):
    imported(GOOD)
    target = tmp_path / "directory"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(InvalidValue, match="cannot be written"):
        export_leases(database, str(target))
    assert not Path(f"{target}.part").exists()
    assert (target / "kept").exists()
    with pytest.raises(InvalidValue, match="cannot be written"):
        export_leases(database, str(tmp_path / "no" / "out.csv"))


def interrupt(things):
    for number, one in enumerate(things):
        if number == 1:
            raise KeyboardInterrupt
        yield one


def test_an_import_that_is_interrupted_imports_nothing(imported, database, monkeypatch):
    imported("02:00:00:00:99:09;192.0.2.9;kept;1700000000\n")
    monkeypatch.setattr(transfer, "form_of", lambda source: OLDER._replace(read=lambda source: interrupt(OLDER.read(source))))
    code, _, err = imported(GOOD)
    assert (code, "nothing was imported" in err) == (130, True)
    assert [one.ip for one in hosts_of(database)] == ["192.0.2.9"]


def test_an_export_that_is_interrupted_leaves_the_target_as_it_was(imported, database, tmp_path, monkeypatch, capsys):
    imported(GOOD)
    exported(database, tmp_path)
    imported(GOOD.replace("boss", "new"))
    write = transfer.write_hosts
    monkeypatch.setattr(transfer, "write_hosts", lambda hosts, file: write(interrupt(hosts), file))
    assert export_leases(database, str(tmp_path / "out.csv")) == 130
    assert (tmp_path / "out.csv").read_text() == GOOD
    assert list(tmp_path.glob("*.part")) == []


def test_a_terminal_sees_progress(imported, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    lines = "".join(f"02:00:00:00:{n >> 8:02x}:{n & 255:02x};{address_text(0x0A000000 + n)};;1700000000\n" for n in range(2048))
    _, _, err = imported(lines)
    assert "\rleases imported: 64" in err
    assert err.endswith("\r\x1b[K")  # and is gone at the end


# --- quantity


def test_fifty_thousand_rows_are_quickly_in_and_out(imported, database, tmp_path):
    """A million rows are imported in well under a minute: so these take less than three seconds of processor time, by far."""
    generator = random.Random(1)
    rows = [f"02:00:00:{n >> 16 & 255:02X}:{n >> 8 & 255:02X}:{n & 255:02X};{address_text(0x0A000000 + n)};host-{n};"
            f"{1_600_000_000 + generator.randrange(10**8)}\n" for n in range(50_000)]
    shuffled = rows.copy()
    generator.shuffle(shuffled)
    began = time.process_time()
    assert imported("".join(shuffled))[0] == 0
    assert time.process_time() - began < 3
    assert exported(database, tmp_path) == "".join(rows)


def test_the_program_imports_and_exports(tmp_path):
    (tmp_path / "hosts.csv").write_text(GOOD)
    command = [sys.executable, "-m", "pydhcpd", "-config_file", str(tmp_path / "none.conf"),
               "-host_file", str(tmp_path / "leases.db")]
    for words in (["-import", str(tmp_path / "hosts.csv")], ["-export", str(tmp_path / "out.csv")]):
        done = subprocess.run([*command, *words], cwd=Path(__file__).parents[2], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out.csv").read_text() == GOOD
