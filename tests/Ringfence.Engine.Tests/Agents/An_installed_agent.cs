using System.Text;
using Ringfence.Agents;
using Ringfence.Sandboxes;
using Xunit;

namespace Ringfence.Tests.Agents;

public sealed class An_installed_agent : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("ringfence-agents-").FullName;
    private readonly AgentDescription claude;
    private readonly AgentPackages packages;

    public An_installed_agent()
    {
        claude = new AgentCatalog(home).Find("claude-code").Value;
        packages = new AgentPackages(home, TimeProvider.System) { SearchPath = "" };
    }

    [Fact]
    public void Is_missing_until_it_is_installed()
    {
        var failure = Assert.Single(packages.Check(claude).Failures);

        Assert.Equal("agent_not_installed", failure.Code);
        Assert.Contains("ringfence agents install claude-code", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_shown_to_the_sandbox_at_a_place_of_its_own()
    {
        Place("2.1.329", Program(OurMachine));

        var program = (await packages.FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal("/ringfence/agents/claude-code/" + claude.Package!.Executable, Assert.Single(program.Command));
        Assert.Equal("/ringfence/agents/claude-code", Assert.Single(program.Mounts).Target);
        Assert.False(program.Mounts[0].Writable);
    }

    [Fact]
    public void Is_refused_when_it_is_built_for_another_machine()
    {
        Place("2.1.329", Program(OurMachine == 62 ? 183 : 62));

        Assert.Equal("agent_wrong_machine", Assert.Single(packages.Check(claude).Failures).Code);
    }

    [Theory]
    [InlineData("2.1.317", "Claude Code 2.1.317 was not tested, 2.1.318 to 2.1.330 were.")]
    [InlineData("2.2.0", "Claude Code 2.2.0 was not tested")]
    [InlineData("2.1.329-beta.1", "Claude Code 2.1.329-beta.1 was not tested")]
    [InlineData("2.1.320", null)]
    [InlineData("2.1.329", null)]
    public async Task Is_noted_when_it_is_outside_the_tested_range_and_runs_all_the_same(string installed, string? note)
    {
        Place(installed, Program(OurMachine));

        var version = (await packages.FindAsync(claude, TestContext.Current.CancellationToken)).Value!.Version;

        Assert.StartsWith(note ?? "none", AgentPackages.Untested(claude, version) ?? "none", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_the_users_own_when_their_search_path_has_one()
    {
        var folder = Path.Combine(home, "user", "bin");
        Script(Path.Combine(home, "user", "share", "claude-code"), "echo '9.8.7 (Claude Code)'");
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, "claude"), "../share/claude-code");

        var program = (await OnPath("relative:" + folder).FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal("9.8.7", program.Version);
        Assert.Equal("/ringfence/agents/claude-code/claude-code", Assert.Single(program.Command));
        Assert.Equal(new Mount(Path.Combine(home, "user", "share", "claude-code"), "/ringfence/agents/claude-code/claude-code"), Assert.Single(program.Mounts));
        Assert.Equal(64, program.Digest.Length);

        Place("2.1.329", Program(OurMachine));
        Assert.Equal("2.1.329", (await OnPath(folder).FindAsync(claude, TestContext.Current.CancellationToken)).Value!.Version);
    }

    [Fact]
    public async Task Comes_with_its_npm_package_and_nothing_around_it()
    {
        var package = Path.Combine(home, "user", "lib", "node_modules", "@scope", "claude");
        Script(Path.Combine(package, "bin", "claude"), "exit 1");
        File.WriteAllText(Path.Combine(package, "package.json"), """{"name":"@scope/claude","version":"3.2.1"}""");

        var program = (await OnPath(Path.Combine(package, "bin")).FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal("3.2.1", program.Version);
        Assert.Equal("/ringfence/agents/claude-code/bin/claude", Assert.Single(program.Command));
        Assert.Equal(new Mount(package, "/ringfence/agents/claude-code"), Assert.Single(program.Mounts));
    }

    [Theory]
    [InlineData("lib/node_modules/@anthropic-ai/claude-code", "lib/node_modules/@anthropic-ai/claude-code/")]
    [InlineData("lib/node_modules/@anthropic-ai/claude-code", "lib/")]
    [InlineData("global/5/.pnpm/claude-code@3.2.1/node_modules/@anthropic-ai/claude-code", "global/5/.pnpm/claude-code@3.2.1/")]
    public async Task Is_the_native_program_that_its_launcher_would_start(string launcher, string place)
    {
        var user = Path.Combine(home, "user");
        Script(Path.Combine(user, launcher, "cli.js"), "exit 1");
        File.WriteAllText(Path.Combine(user, launcher, "package.json"), """{"version":"3.2.1"}""");
        var native = Path.Combine(user, place, claude.Package!.Executable);
        Executable(native, Program(OurMachine));
        Directory.CreateDirectory(Path.Combine(user, "bin"));
        File.CreateSymbolicLink(Path.Combine(user, "bin", "claude"), Path.Combine(user, launcher, "cli.js"));

        var program = (await OnPath(Path.Combine(user, "bin")).FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal(("3.2.1", "/ringfence/agents/claude-code/claude"), (program.Version, Assert.Single(program.Command)));
        Assert.Equal(new Mount(Path.GetDirectoryName(native)!, "/ringfence/agents/claude-code"), Assert.Single(program.Mounts));
    }

    [Fact]
    public async Task Is_found_behind_the_script_that_pnpm_writes()
    {
        var user = Path.Combine(home, "user");
        var package = Path.Combine(user, "global/5/.pnpm/claude@3.2.1/node_modules/claude");
        Executable(Path.Combine(package, "bin/claude.js"), Program(OurMachine));
        File.WriteAllText(Path.Combine(package, "package.json"), """{"version":"3.2.1"}""");
        Directory.CreateDirectory(Path.Combine(user, "global/5/node_modules"));
        Directory.CreateSymbolicLink(Path.Combine(user, "global/5/node_modules/claude"), package);
        Script(Path.Combine(user, "claude"), """exec node  "$basedir/global/5/node_modules/claude/bin/claude.js" "$@" """);

        var program = (await OnPath(user).FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal(("3.2.1", "/ringfence/agents/claude-code/claude@3.2.1/node_modules/claude/bin/claude.js"), (program.Version, Assert.Single(program.Command)));
        Assert.Equal(Path.Combine(user, "global/5/.pnpm"), Assert.Single(program.Mounts).Source);
    }

    [Fact]
    public async Task Is_found_behind_a_shim_of_volta()
    {
        var volta = Path.Combine(home, "user", ".volta");
        Executable(Path.Combine(volta, "bin/volta-shim"), Program(OurMachine));
        File.CreateSymbolicLink(Path.Combine(volta, "bin/claude"), "volta-shim");
        Directory.CreateDirectory(Path.Combine(volta, "tools/user/bins"));
        File.WriteAllText(Path.Combine(volta, "tools/user/bins/claude.json"), """{"name":"claude","package":"@anthropic-ai/claude-code"}""");
        var package = Path.Combine(volta, "tools/image/packages/@anthropic-ai/claude-code");
        Executable(Path.Combine(package, "lib/node_modules/@anthropic-ai/claude-code/claude"), Program(OurMachine));
        Directory.CreateDirectory(Path.Combine(package, "bin"));
        File.CreateSymbolicLink(Path.Combine(package, "bin/claude"), "../lib/node_modules/@anthropic-ai/claude-code/claude");

        var program = (await OnPath(Path.Combine(volta, "bin")).FindAsync(claude, TestContext.Current.CancellationToken)).Value!;

        Assert.Equal(Path.Combine(package, "lib/node_modules/@anthropic-ai/claude-code"), Assert.Single(program.Mounts).Source);
    }

    [Theory]
    [InlineData("exec asdf exec \"claude\" \"$@\"", "asdf")]
    [InlineData("exec \"/usr/lib/nodenv/libexec/nodenv\" exec \"$program\" \"$@\"", "nodenv")]
    public void Is_refused_where_a_version_manager_would_choose_it(string script, string manager)
    {
        Script(Path.Combine(home, "shims", "claude"), script);

        var failure = Assert.Single(OnPath(Path.Combine(home, "shims")).Check(claude).Failures);

        Assert.Equal("agent_is_shim", failure.Code);
        Assert.Contains($"it asks {manager} which one to start", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_refused_without_a_Node_js_that_is_new_enough_and_told_what_there_is()
    {
        Place("2.1.329", "#!/usr/bin/env node\n");

        var found = await packages.FindAsync(claude with { Package = claude.Package! with { Node = 99 } }, TestContext.Current.CancellationToken);

        var failure = Assert.Single(found.Failures);
        Assert.Equal("node_missing", failure.Code);
        Assert.Matches("^Node.js 99 or later is needed; (there is none below /usr|/usr/(local/)?bin/node (is version [0-9]+|does not start).*)[.]$", failure.Message);
        Assert.Equal("Install it below /usr.", failure.Hint);
    }

    [Fact]
    public void Is_refused_when_a_users_own_command_is_no_program()
    {
        var failure = Assert.Single(packages.Check(claude with { Package = null, Command = ["/usr/lib/os-release"] }).Failures);

        Assert.Equal("agent_wrong_machine", failure.Code);
        Assert.Contains("neither a program nor a script", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Is_broken_without_its_executable()
    {
        Place("2.1.329", null);

        Assert.Equal("agent_broken", Assert.Single(packages.Check(claude).Failures).Code);
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("^2.1.0")]
    [InlineData("2.1")]
    [InlineData("../../2.1.0")]
    [InlineData("2.1.0 --registry=x")]
    public async Task Is_fetched_in_an_exact_version_only(string version) => Assert.Equal(
        "bad_version", Assert.Single((await new AgentInstaller(home, TimeProvider.System).InstallAsync(claude, version, null, TestContext.Current.CancellationToken)).Failures).Code);

    [Theory]
    [InlineData("acp:claude-code --acp", "{agent} --acp")]
    [InlineData("acp:/opt/my-agent  --stdio", "/opt/my-agent --stdio")]
    public void May_speak_ACP_by_its_name_or_be_any_command(string name, string command)
    {
        var agent = new AgentCatalog(home).Find(name).Value;

        Assert.Equal("acp", agent.Events);
        Assert.Equal(command, string.Join(' ', agent.Command));
        Assert.Null(agent.Input);
    }

    [Fact]
    public void May_be_a_command_alone_which_reads_its_prompt_and_finds_any_provider()
    {
        Directory.CreateDirectory(Path.Combine(home, "agents"));
        File.WriteAllText(Path.Combine(home, "agents", "mine.yaml"), "name: mine\ncommand: [/usr/bin/mine, --fast]\n");

        var agent = new AgentCatalog(home).Find("mine").Value;

        Assert.Equal("{prompt}", agent.Input);
        Assert.Equal("text", agent.Events);
        Assert.Equal("{gateway}", agent.Environment["ANTHROPIC_BASE_URL"]);
        Assert.Equal("{gateway}/v1", agent.Environment["OPENAI_BASE_URL"]);
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    private AgentPackages OnPath(string path) => new(home, TimeProvider.System) { SearchPath = path };

    private static void Script(string file, string command) => Tests.Executable.Write(file, $"#!/bin/sh\n{command}\n");

    private static void Executable(string file, string content) => Tests.Executable.Write(file, content, Encoding.Latin1);

    private static int OurMachine => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 183 : 62;

    private static string Program(int machine) => $"\u007fELF\u0002\u0001\u0001\0\0\0\0\0\0\0\0\0\u0002\0{(char)machine}\0\u0001\0";

    private void Place(string version, string? executable)
    {
        var folder = Path.Combine(home, "agents", "claude-code", version);
        var file = Path.Combine(folder, claude.Package!.Executable);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(Path.Combine(home, "agents", "claude-code", "current"), version + "\n");
        File.WriteAllText(
            Path.Combine(folder, "ringfence.json"),
            $$"""{"package":"p","version":"{{version}}","executable":"{{claude.Package.Executable}}","digest":"d","integrity":"i","installed_at":"2026-11-21T00:00:00Z"}""");

        if (executable is not null)
        {
            File.WriteAllBytes(file, Encoding.Latin1.GetBytes(executable));
        }
    }
}
