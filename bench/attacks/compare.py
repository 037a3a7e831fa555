#!/usr/bin/env python3
"""The same attacks under `ringfence sandbox`, bubblewrap, sandbox-runtime and codex's sandbox, in one table: blocked, recorded, start time.

    bench/attacks/compare.py [CASE…]

Started as root it runs everything as an ordinary user (`games`), for whom all these tools are made. Each attack is first tried without any sandbox: one
that achieves nothing there shows nothing, and is skipped with that reason. An attack counts as recorded when the tool itself told of the program that made
it, or of its destination, where the attack cannot change it. Start time: from starting the tool to the command's first byte.
"""
import importlib.util, json, os, pathlib, pwd, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tools as peers

NOT_TRIED = {
    "N03": "no metadata service on this machine; refused by address in Egress/A_destination_without_a_name",
    "N07, N12 to N16, N21 to N24": "need an allowed public host that we serve; tried against Ringfence's door in tests/Ringfence.Engine.Tests/Egress",
    "N32, S04 to S11": "need a secret and an allowed host; only Ringfence's door has these, see tests/Ringfence.Engine.Tests/Egress",
    "P14": "needs a terminal that another process reads; tried against Ringfence in An_attack_on_processes",
    "R07": "a share of the processor needs a control group, which an ordinary user here has not",
}
USER = pwd.getpwnam("games") if os.geteuid() == 0 else None


class Stage:
    """The host around the tools: a home with a key, a folder to work on, services, a process, an environment with a token."""
    canary = "canary-4b1f0d9a77"
    token = "token-93c1e2aa51"
    allowed = "allowed.example"
    left = "86391.25"

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="rf-attacks-", dir="/var/tmp"))
        self.home, self.repo, self.open = (self.place / name for name in ("home", "repo", "open"))
        for folder in (self.home / ".ssh", self.open):
            folder.mkdir(parents=True)
        for file in (self.home / ".ssh/id_rsa", self.home / "notes.txt"):
            file.write_text(self.canary)
        self.received = []
        self.lan = self.address(socket.AF_INET, ("192.0.2.1", 9))
        self.lan6 = self.address(socket.AF_INET6, ("2001:db8::1", 9))
        self.tcp = self.listen(socket.AF_INET6, ("::", 0), self.greet)
        self.quic = self.datagrams(443)
        self.dns = self.datagrams(53)
        self.listen(socket.AF_INET, (self.lan, self.dns), self.greet)
        self.socket = str(self.home / "service.sock")
        self.listen(socket.AF_UNIX, self.socket, None)
        self.abstract = f"ringfence-attacks-{os.getpid()}"
        self.listen(socket.AF_UNIX, "\0" + self.abstract, None)
        self.open_file = os.open(self.home / "notes.txt", os.O_RDONLY)
        self.own(self.place)
        self.victim = None

    def address(self, family, anywhere):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.connect(anywhere)
                return s.getsockname()[0]
        except OSError:
            return ""

    def listen(self, family, address, greet):
        s = socket.socket(family)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(address)
        s.listen(100)
        threading.Thread(target=self.accept, args=(s, greet), daemon=True).start()
        return s.getsockname()[1] if family != socket.AF_UNIX else 0

    def accept(self, listener, greet):
        while True:
            connection = listener.accept()[0]
            if greet:
                threading.Thread(target=greet, args=(connection,), daemon=True).start()

    def greet(self, connection):
        with connection:
            connection.settimeout(5)
            try:
                self.received.append(connection.recv(1000))
                connection.sendall(self.canary.encode())
            except OSError:
                pass

    def datagrams(self, wanted):
        """On its own port where that may be had: only root may take those below 1024."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.bind((self.lan, wanted))
        except OSError:
            s.bind((self.lan, 0))

        def receive():
            while True:
                self.received.append(s.recv(1000))

        threading.Thread(target=receive, daemon=True).start()
        return s.getsockname()[1]

    def own(self, path):
        if USER:
            subprocess.run(["chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", path], check=True)

    def as_user(self):
        return {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if USER else {}

    def environment(self):
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home), "CODEX_HOME": str(self.home / ".codex"), "RINGFENCE_HOME": str(self.place / "ringfence"),
                "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "ATTACK_TOKEN": self.token, "LANG": "C.UTF-8"}

    def reset(self, case):
        """A folder as no attack has seen it."""
        shutil.rmtree(self.repo, ignore_errors=True)
        self.repo.mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main", self.repo], check=True)
        (self.repo / "base.txt").write_text("base\n")
        shutil.copy(pathlib.Path(__file__).with_name("attacks.py"), self.repo)
        (self.repo / "start").write_text(f"echo begun\npython3 attacks.py {case}\n")
        if not self.victim or self.victim.poll() is not None:
            self.victim = subprocess.Popen(["sleep", "86390.75"], **self.as_user())
        told = {name: str(v) if isinstance(v, pathlib.Path) else v for name in ("canary", "token", "allowed", "left", "home", "open", "lan", "lan6", "tcp", "quic", "dns", "socket", "abstract")
                for v in [getattr(self, name)]}
        (self.repo / "stage.json").write_text(json.dumps({**told, "victim": self.victim.pid, "victim_argument": "86390.75", "network": os.readlink("/proc/self/ns/net")}))
        (self.home / ".codex").mkdir(exist_ok=True)
        self.own(self.repo)
        self.own(self.home / ".codex")
        self.received.clear()
        (self.open / "written-F02").unlink(missing_ok=True)

    def succeeded(self, case):
        """What the host shows of an attack, after it."""
        time.sleep(0.05)
        if case == "F02":
            return (self.open / "written-F02").exists() and "written outside"
        if case == "F12":
            return (self.repo / "base.txt").read_text() != "base\n" and "changed at once"
        if case == "P02":
            return self.victim.poll() is not None and "killed it"
        if case in ("N08", "N09", "N26"):
            return any(b"carried-away" in piece for piece in self.received) and "arrived"
        if case in ("T01", "T02", "T07"):
            return self.clear_leftovers() and "still there"
        if case == "W01":
            return "fsmonitor" in (self.repo / ".git/config").read_text() and "there"
        if case == "W02":
            return (self.repo / ".git/hooks/pre-commit").exists() and "there"
        if case == "W13":
            file = self.repo / "set-user"
            return file.exists() and file.stat().st_mode & 0o4000 and "there"
        if case == "W17":
            return ((self.repo / ".envrc").exists() or (self.repo / ".vscode/tasks.json").exists()) and "there"

    def clear_leftovers(self):
        """Whether one of the attacks' processes lives on. A second is a long time to die; the kernel needs some milliseconds."""
        for _ in range(20):
            left = [int(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit() and self.is_left(p)]
            if not left:
                return False
            time.sleep(0.05)
        for process in left:
            os.kill(process, signal.SIGKILL)
        return True

    def is_left(self, process):
        try:
            line = (process / "cmdline").read_bytes()
            return f"sleep\0{self.left}\0".encode() in line or line.endswith(b"attacks.py\0T07\0")
        except OSError:
            return False

    def close(self):
        if self.victim:
            self.victim.kill()
            self.victim.wait()
        shutil.rmtree(self.place, ignore_errors=True)


class Outcome:
    def __init__(self, passed, detail, recorded, milliseconds, only_recorded):
        self.passed, self.detail, self.recorded, self.milliseconds, self.only_recorded = passed, detail, recorded, milliseconds, only_recorded

    def cell(self):
        came = "**passed** (" + self.detail + ")" if self.passed else "blocked"
        return f"{'' if self.only_recorded else came + ' · '}{self.recorded} · {self.milliseconds:.0f}"


def attempt(stage, tool, case, about):
    stage.reset(case)
    tool.prepare(case)
    began = time.perf_counter()
    process = subprocess.Popen([str(word) for word in tool.command(case)], cwd=stage.repo, env=stage.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, pass_fds=[stage.open_file], start_new_session=True, **stage.as_user())
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    error = []
    reader = threading.Thread(target=lambda: error.append(process.stderr.read()))
    reader.start()
    output, milliseconds = b"", None
    while line := process.stdout.readline():
        if milliseconds is None:
            milliseconds = (time.perf_counter() - began) * 1000
        output += line
        if b"ready-to-be-killed" in line:
            process.kill()
            break
    if case == "T07":
        stage_left = stage.succeeded(case)
    output += process.stdout.read()
    code = process.wait()
    reader.join()
    watchdog.cancel()
    error = error[0].decode(errors="replace")
    if milliseconds is None:
        raise RuntimeError(f"{tool.name} did not start {case} (exit code {code}): {error[-500:]}")

    verdict = next((line.split(None, 2)[1:] for line in reversed(output.decode(errors="replace").splitlines()) if line.startswith("verdict ")), None)
    if about.get("host"):
        seen = stage_left if case == "T07" else stage.succeeded(case)
        passed, detail = bool(seen), seen or ""
    elif verdict is None:
        passed, detail = False, f"ended with {code}"
    else:
        passed, detail = verdict[0] == "passed", verdict[1] if len(verdict) > 1 else ""
    return Outcome(passed, detail, trace(stage, tool.record(error), case, about), milliseconds, bool(about.get("command_marks")))


def trace(stage, record, case, about):
    told = []
    if all(mark in record for mark in about.get("command_marks", [case])) and "attacks.py" in record:
        told.append("command")
    port = about.get("port")
    if "carried-away.example" in record:
        told.append("connection")
    elif port and any(str(getattr(stage, port)) in line and (stage.lan in line or "127.0.0.1" in line or stage.lan6 in line) for line in record.splitlines()):
        told.append("connection")
    return " and ".join(told) or "not recorded"


def main():
    if subprocess.run(["sh", "-c", "command -v git python3 dotnet"], capture_output=True).returncode:
        sys.exit("needs git, python3 and dotnet")
    peers.fetch()
    stage = Stage()
    stage.reset("none")
    os.chdir(stage.repo)
    spec = importlib.util.spec_from_file_location("attacks", pathlib.Path(__file__).with_name("attacks.py"))
    attacks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(attacks)
    os.chdir("/")
    chosen = sys.argv[1:] or list(attacks.cases)

    try:
        ready = [made for made in (kind(stage) for kind in peers.tools)]
        rows, skipped = [], dict(NOT_TRIED)
        for case in chosen:
            what, _, about = attacks.cases[case]
            if not about.get("inside") and not about.get("flood"):
                alone = attempt(stage, peers.Nothing(stage), case, about)
                if not alone.passed:
                    skipped[case] = f"{what}: achieves nothing here even without a sandbox ({alone.detail or 'no effect'})"
                    continue
            rows.append((case, what, [None if tool.missing else attempt(stage, tool, case, about) for tool in ready]))
            print(f"{case}: " + "; ".join(f"{t.name} {o.cell() if o else 'cannot be had'}" for t, o in zip(ready, rows[-1][2])), file=sys.stderr, flush=True)
    finally:
        stage.close()

    print(f"Cell: blocked or passed · recorded · start in milliseconds. As user `{(USER or pwd.getpwuid(os.getuid())).pw_name}`, load {os.getloadavg()[0]:.1f}, Linux {os.uname().release.split('-')[0]}.\n")
    print("| | attack | " + " | ".join(f"{t.name} {t.version}" for t in ready) + " |\n|---|---|" + "---|" * len(ready))
    for case, what, outcomes in rows:
        print(f"| {case} | {what} | " + " | ".join(o.cell() if o else f"cannot be had: {t.missing}" for t, o in zip(ready, outcomes)) + " |")
    tried = [[row[2][i] for row in rows if row[2][i]] for i in range(len(ready))]
    attacks_on_walls = [outcomes for *_, outcomes in rows if not next(o for o in outcomes if o).only_recorded]
    print(f"| | **blocked, of {len(attacks_on_walls)}** | " + " | ".join(str(sum(not o.passed for o in column if not o.only_recorded)) for column in tried) + " |")
    print(f"| | **recorded, of {len(rows)}** | " + " | ".join(str(sum(o.recorded != "not recorded" for o in column)) for column in tried) + " |")
    print("| | **start, median ms** | " + " | ".join(f"{statistics.median(o.milliseconds for o in column):.0f}" if column else "" for column in tried) + " |")
    for case, reason in skipped.items():
        print(f"| {case} | skipped | {reason} |" + " |" * (len(ready) - 1))


main()
