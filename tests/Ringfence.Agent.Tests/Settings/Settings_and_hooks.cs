using Ringfence.Tests.Support;

namespace Ringfence.Tests.Settings;

public sealed class Settings_and_hooks
{
    private const string WritesOnce =
        """
        turns:
          - calls: [{ tool: Write, input: { file_path: made.txt, content: x } }]
          - text: ok
        """;

    [Theory]
    [InlineData("{\n  \"permissions\": {\n    \"alow\": []\n  }\n}", ":3: unknown key 'alow' in permissions. Did you mean 'allow'?")]
    [InlineData("{\n  \"permissions\": {\n    \"allow\": [\n      \"Bash\",\n      \"bash((\"\n    ]\n  }\n}", ":5: permissions.allow: 'bash' is not a tool")]
    [InlineData("{\n  \"permissions\": { \"defaultMode\": \"bogus\" }\n}", ":2: unknown mode 'bogus'")]
    [InlineData("{\n  \"hooks\": {\n    \"PreToolUze\": []\n  }\n}", ":3: unknown hook event 'PreToolUze'. Did you mean 'PreToolUse'?")]
    [InlineData("{\n  \"permission\": {}\n}", ":2: unknown key 'permission'. Did you mean 'permissions'?")]
    [InlineData("{\n  \"env\": {},\n  oops\n}", ":3: not valid JSON")]
    public async Task Stop_the_start_with_the_line_when_they_are_wrong(string settings, string expected)
    {
        await using var agent = await AgentProcess.WithModelAsync("{ turns: [{ text: never }] }");
        agent.Write(".claude/settings.json", settings);

        var run = await agent.RunAsync("-p", "go");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(".claude/settings.json" + expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(agent.Model.Requests);
    }

    [Fact]
    public async Task Of_every_level_count_and_a_rule_that_denies_outweighs_all()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Bash, input: { command: "touch a" } }, { tool: Bash, input: { command: "touch b" } }, { tool: Bash, input: { command: "mkdir c" } }]
              - text: ok
            """);
        Directory.CreateDirectory(Path.Combine(agent.Home, ".claude"));
        File.WriteAllText(Path.Combine(agent.Home, ".claude/settings.json"), """{"permissions":{"allow":["Bash(touch *)"]}}""");
        agent.Write(".claude/settings.json", """{"permissions":{"deny":["Bash(touch b)"]}} // the project""");
        agent.Write(".claude/settings.local.json", """{"permissions":{"allow":["Bash(mkdir *)",]}}""");

        await agent.RunAsync("-p", "go");

        Assert.Equal([".claude", "a", "c"], Directory.EnumerateFileSystemEntries(agent.Workspace).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_a_repository_cannot_switch_the_questions_off()
    {
        await using var agent = await AgentProcess.WithModelAsync(WritesOnce);
        agent.Write(".claude/settings.json", """{"permissions":{"defaultMode":"bypassPermissions"},"env":{"ANTHROPIC_BASE_URL":"http://127.0.0.1:1"}}""");

        var run = await agent.RunAsync("-p", "go");

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
    }

    [Fact]
    public async Task Of_the_administrator_outweigh_the_command_line()
    {
        await using var agent = await AgentProcess.WithModelAsync(WritesOnce);

        var run = await agent.RunAsync("-p", "go", "--managed-settings", """{"permissions":{"deny":["Write"]}}""", "--allowedTools", "Write", "--dangerously-skip-permissions");

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
    }

    [Fact]
    public async Task Block_with_exit_code_2_and_tell_the_model_why()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - calls: [{ tool: Write, input: { file_path: made.txt, content: x } }]
              - require: [{ result: { tool: Write, error: true, contains: "PreToolUse:Write hook error: no writing in made.txt" } }]
                text: ok
            """);
        agent.Write(".claude/settings.json", """
            {"hooks":{"PreToolUse":[{"matcher":"Write|Edit","hooks":[{"type":"command","command":"sed -n 's/.*\"file_path\":\"\\([^\"]*\\)\".*/no writing in \\1/p' >&2; exit 2"}]}]}}
            """);

        var run = await agent.RunAsync("-p", "go", "--permission-mode", "acceptEdits");

        Assert.Equal("ok\n", run.Output);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "made.txt")));
    }

    [Fact]
    public async Task Change_what_a_tool_is_given()
    {
        await using var agent = await AgentProcess.WithModelAsync(WritesOnce);
        agent.Write(".claude/settings.json", """
            {"hooks":{"PreToolUse":[{"matcher":"Write","hooks":[{"type":"command","command":"echo '{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\",\"permissionDecision\":\"allow\",\"updatedInput\":{\"file_path\":\"made.txt\",\"content\":\"from the hook\"}}}'"}]}]}}
            """);

        await agent.RunAsync("-p", "go");

        Assert.Equal("from the hook", agent.Read("made.txt"));
    }

    [Fact]
    public async Task That_hang_are_ended_and_reported()
    {
        await using var agent = await AgentProcess.WithModelAsync(WritesOnce);
        agent.Write(".claude/settings.json", """{"hooks":{"PreToolUse":[{"hooks":[{"type":"command","command":"sleep 600","timeout":1}]}]}}""");

        var run = await agent.RunAsync("-p", "go", "--permission-mode", "acceptEdits", "--output-format", "stream-json", "--verbose");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("its time limit", (string?)run.OfType("system", "informational").Single()["content"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keep_the_agent_at_work_until_they_are_content()
    {
        await using var agent = await AgentProcess.WithModelAsync(
            """
            turns:
              - text: Done, I think.
              - require: [{ user: "the tests fail" }]
                calls: [{ tool: Bash, input: { command: "touch fixed" } }]
              - text: Now it is.
            """);
        agent.Write(".claude/settings.json", """{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"test -e fixed || { echo 'the tests fail' >&2; exit 2; }"}]}]}}""");

        Assert.Equal("Now it is.\n", (await agent.RunAsync("-p", "go", "--allowedTools", "Bash")).Output);
    }
}
