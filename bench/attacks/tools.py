"""The sandboxes that are compared, each as its own documentation has it for work on a folder: pinned, and fetched by the user's own npm and apt."""
import json, os, pathlib, re, shutil, subprocess

root = pathlib.Path(__file__).resolve().parents[2]
peers = root / "artifacts" / "peers"
RUNTIME = "0.0.83"
BUBBLEWRAP = "0.8.0"


def pinned_codex():
    """The one that `ringfence agents install codex` fetches."""
    description = (root / "src/Ringfence.Engine/Agents/Descriptions/codex.yaml").read_text()
    return re.search(r"^  version: (\S+)$", description, re.M)[1]


def fetch():
    """Into artifacts/peers, once. What cannot be had is told by `missing` of its tool."""
    wanted = [f"@anthropic-ai/sandbox-runtime@{RUNTIME}", f"@openai/codex@{pinned_codex()}"]
    peers.mkdir(parents=True, exist_ok=True)
    if (peers / "fetched").exists() and (peers / "fetched").read_text() == str(wanted):
        return
    (peers / "package.json").write_text('{"private":true}')
    done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *wanted], cwd=peers, capture_output=True, text=True)
    if done.returncode == 0:
        (peers / "fetched").write_text(str(wanted))


class Tool:
    """`command` starts `sh start` in the folder; `record` is what the tool itself told of it."""
    def __init__(self, stage):
        self.stage = stage

    def prepare(self, case):
        pass

    def record(self, error):
        return error


class Ringfence(Tool):
    name = "ringfence"
    version = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    missing = None if (root / "artifacts/ringfence/ringfence.dll").exists() else "start ./ringfence once"

    def prepare(self, case):
        self.file = self.stage.place / f"record-{case}.jsonl"

    def command(self, case):
        limits = ["--memory", "512MiB", "--processes", "512", *(["--timeout", "2s"] if case == "R08" else [])]
        return ["dotnet", root / "artifacts/ringfence/ringfence.dll", "sandbox", "--repo", self.stage.repo, "--allow", self.stage.allowed, *limits,
                "--record", self.file, "--", "sh", "start"]

    def record(self, error):
        return self.file.read_text() if self.file.exists() else ""


class Bubblewrap(Tool):
    name = "bubblewrap"
    missing = None if shutil.which("bwrap") else "apt-get install bubblewrap"
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True).stdout.split()[-1] if not missing else BUBBLEWRAP

    def command(self, case):
        return ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
                "--setenv", "PATH", "/usr/bin:/bin", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
                "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", self.stage.repo, "/workspace",
                "--chdir", "/workspace", "--", "sh", "start"]


class SandboxRuntime(Tool):
    name = "sandbox-runtime"
    version = RUNTIME
    program = peers / "node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js"

    @property
    def missing(self):
        absent = [p for p in ("bwrap", "socat", "rg", "node") if not shutil.which(p)]
        return f"needs {', '.join(absent)}" if absent else None if self.program.exists() else "npm could not fetch it"

    def command(self, case):
        settings = self.stage.place / "srt.json"
        settings.write_text(json.dumps({
            "network": {"allowedDomains": [self.stage.allowed], "deniedDomains": []},
            "filesystem": {"denyRead": ["~/.ssh"], "allowWrite": [str(self.stage.repo)], "denyWrite": []}}))
        return ["node", self.program, "--debug", "--settings", settings, "--", "sh", "start"]


class Codex(Tool):
    name = "codex sandbox"
    version = pinned_codex()

    @property
    def program(self):
        return next(peers.glob("node_modules/@openai/codex-linux-*/vendor/*/bin/codex"), None)

    @property
    def missing(self):
        return None if self.program else "npm could not fetch it"

    def command(self, case):
        return [self.program, "sandbox", "-c", 'sandbox_mode="workspace-write"', "--", "sh", "start"]


class Nothing(Tool):
    name = "none"
    version = ""
    missing = None

    def command(self, case):
        return ["sh", "start"]


tools = [Ringfence, Bubblewrap, SandboxRuntime, Codex]
