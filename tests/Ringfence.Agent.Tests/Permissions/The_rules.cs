using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Tools;

namespace Ringfence.Tests.Permissions;

public sealed class The_rules : IDisposable
{
    private const string Two = "curl -s http://example.com/ > /dev/null; rm -rf ./x";
    private readonly string directory = Directory.CreateTempSubdirectory("ringfence-rules-").FullName;

    [Theory]
    [InlineData("", "", "", "Default", Two, "Ask")]
    [InlineData("", "", "", "Default", "echo hi && id && pwd", "Allow")]
    [InlineData("Bash(curl:*) Bash(rm:*)", "", "", "Default", Two, "Allow")]
    [InlineData("Bash(curl *) Bash(rm *)", "", "", "Default", Two, "Allow")]
    [InlineData("Bash(curl *)", "", "", "Default", Two, "Ask")]
    [InlineData("Bash", "", "", "Default", Two, "Allow")]
    [InlineData("Bash(*)", "", "", "Default", Two, "Allow")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", Two, "Deny")]
    [InlineData("Bash", "", "Bash(rm *)", "Default", Two, "Ask")]
    [InlineData("", "Bash(rm *)", "", "BypassPermissions", Two, "Deny")]
    [InlineData("", "", "", "BypassPermissions", Two, "Allow")]
    [InlineData("Bash(curl *) Bash(rm *)", "", "", "DontAsk", Two, "Allow")]
    [InlineData("Bash(curl *)", "", "", "DontAsk", Two, "Deny")]
    [InlineData("", "", "", "Plan", Two, "Deny")]
    [InlineData("Bash(git *)", "", "", "Default", "git commit -m 'a; rm -rf /'", "Allow")]
    [InlineData("Bash(git *)", "", "", "Default", "git log $(rm -rf /)", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "git log `rm -rf /`", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "git log > /etc/passwd", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "gitk", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "git log\nrm -rf /", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "git log & rm -rf /", "Ask")]
    [InlineData("Bash(git *)", "", "", "Default", "PAGER=evil git log", "Ask")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", "timeout 5 rm -rf x", "Deny")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", "A=1 /bin/rm -rf x", "Deny")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", "r\\m -rf x", "Deny")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", "echo $(rm -rf x)", "Deny")]
    [InlineData("Bash", "Bash(rm *)", "", "Default", "if true; then rm -rf x; fi", "Deny")]
    [InlineData("", "", "", "Default", "cat /etc/shadow", "Ask")]
    [InlineData("", "", "", "Default", "cat ../../etc/shadow", "Ask")]
    [InlineData("", "", "", "Default", "find . -exec rm {} +", "Ask")]
    [InlineData("", "", "", "Default", "find . -delete", "Ask")]
    [InlineData("", "", "", "Default", "git -c core.pager=evil log", "Ask")]
    [InlineData("", "", "", "Default", "ls > out.txt", "Ask")]
    [InlineData("", "", "", "AcceptEdits", "mkdir -p a/b && touch a/b/c", "Allow")]
    [InlineData("", "", "", "AcceptEdits", "rm -rf /", "Ask")]
    [InlineData("", "", "", "AcceptEdits", "rm -rf .git", "Ask")]
    public void Decide_about_commands(string allow, string deny, string ask, string mode, string command, string expected)
    {
        var policy = Policy(allow, deny, ask, mode);

        Assert.Equal(expected, policy.Decide("Bash", new ToolSubject(ToolKind.Command, command), Workplace()).Verdict.ToString());
    }

    [Theory]
    [InlineData("", "", "Default", "Read", "a.txt", "Allow")]
    [InlineData("", "", "Default", "Read", "/etc/passwd", "Ask")]
    [InlineData("", "Read(.env)", "Default", "Read", "sub/.env", "Deny")]
    [InlineData("", "Read(./secrets/**)", "BypassPermissions", "Read", "secrets/a/b", "Deny")]
    [InlineData("Read(//etc/**)", "", "Default", "Read", "/etc/passwd", "Allow")]
    [InlineData("", "", "Default", "Edit", "a.txt", "Ask")]
    [InlineData("", "", "AcceptEdits", "Write", "a.txt", "Allow")]
    [InlineData("", "", "AcceptEdits", "Write", "/etc/a.txt", "Ask")]
    [InlineData("", "", "AcceptEdits", "Write", ".git/hooks/pre-commit", "Ask")]
    [InlineData("", "", "AcceptEdits", "Write", "link/a.txt", "Ask")]
    [InlineData("Edit(src/**)", "", "Default", "MultiEdit", "src/a.cs", "Allow")]
    [InlineData("Edit(src/**)", "", "Default", "Write", "other/a.cs", "Ask")]
    [InlineData("", "Edit", "BypassPermissions", "Write", "a.txt", "Deny")]
    public void Decide_about_files(string allow, string deny, string mode, string tool, string path, string expected)
    {
        File.CreateSymbolicLink(Path.Combine(directory, "link"), "/etc");
        var kind = tool == "Read" ? ToolKind.Read : ToolKind.Edit;
        var work = Workplace();

        Assert.Equal(expected, Policy(allow, deny, "", mode).Decide(tool, new ToolSubject(kind, work.Resolve(path)), work).Verdict.ToString());
    }

    [Theory]
    [InlineData("mcp__github", "mcp__github__create_issue", "Allow")]
    [InlineData("mcp__github__*", "mcp__github__create_issue", "Allow")]
    [InlineData("mcp__git", "mcp__github__create_issue", "Ask")]
    public void Decide_about_servers(string allow, string tool, string expected) =>
        Assert.Equal(expected, Policy(allow, "", "", "Default").Decide(tool, new ToolSubject(ToolKind.Mcp, ""), Workplace()).Verdict.ToString());

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private Workplace Workplace() => new(directory, directory + "/s", TimeProvider.System);

    private static PermissionPolicy Policy(string allow, string deny, string ask, string mode)
    {
        var policy = new PermissionPolicy { Mode = Enum.Parse<PermissionMode>(mode) };
        policy.Allow.AddRange(Rules(allow));
        policy.Deny.AddRange(Rules(deny));
        policy.Ask.AddRange(Rules(ask));
        return policy;
    }

    private static IEnumerable<PermissionRule> Rules(string texts) => PermissionRule.Split(texts).Select(t =>
    {
        Assert.True(PermissionRule.TryParse(t, out var rule, out var error), error);
        return rule;
    });
}
