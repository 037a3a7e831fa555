using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>
/// A workflow that uses every kind of key, from an issue that gets a label to a draft pull request, on a server with a code host, a real agent and people. Each key
/// leaves its evidence in the record.
/// </summary>
public sealed class The_workflow_of_the_documentation
{
    private const string Secret = "webhook-secret";

    // Half a day from now: it must not come due while this runs.
    private static readonly string Schedule = $"0 {(TimeProvider.System.GetUtcNow().Hour + 12) % 24} * * 1-5 Europe/Vienna";

    private static readonly string Workflow =
        $$"""
        ---
        name: consolidate-token-validation
        agent: claude-code
        model: simulated-model

        on:
          cron: "{{Schedule}}"
          issue: { label: "agent:auth" }

        limits:
          cost: { run: $5, workflow_day: $25 }
          turns: 60
          time: 30m
          memory: 4GiB

        network:
          allow: ["*.internal.example"]
        secrets:
          - { name: FEED_TOKEN, host: feed.internal.example, header: Authorization }

        tools:
          deny: ["Bash(git push:*)", WebFetch]

        context:
          include: ["src/Auth/**", "tests/Auth/**"]
          exclude: ["**/*.log", "**/Generated/**"]
          pin: [constraints]

        constraints:
          write: ["src/Auth/**", "tests/Auth/**"]
          never: ["**/Migrations/**", ".github/**", ".ringfence/**"]
          diff: { files: 25, lines: 800 }
          dependencies: ask
          tests: keep

        done:
          - dotnet build -warnaserror
          - dotnet test
        attempts: 3

        approve: [plan, diff]
        output: { pull_request: { draft: true, labels: [agent] } }
        notify: { slack: "#identity" }
        ---
        Consolidate the duplicate token validation logic in `src/Auth`.

        ## Constraints
        - Do not change any public method signature.
        - If the duplicates behave differently, stop and ask; do not choose.
        """;

    private const string Script =
        """
        conversations:
          - name: doing
            when: { prompt: "This plan was approved" }
            turns:
              - require: [{ prompt: "Tokens expire twice" }, { prompt: "Do not change any public method signature" }, { not: { tool: WebFetch } }]
                calls: [{ tool: Bash, input: { command: "git push origin main" } }]
              - require: [{ result: { tool: Bash, error: true } }]
                calls: [{ tool: Bash, input: { command: "ls -R . && git status --porcelain" } }]
              - require: [{ result: { tool: Bash, contains: [Token.cs], lacks: [Generated.cs, App.csproj, build.log, "D "] } }]
                calls: [{ tool: Read, input: { file_path: /workspace/src/Auth/Token.cs } }]
              - calls: [{ tool: Edit, input: { file_path: /workspace/src/Auth/Token.cs, old_string: "length > 8 && length > 8", new_string: "length > 8" } }]
              - require: [{ result: { tool: Edit, error: false } }]
                text: Consolidated.
          - name: planning
            turns:
              - text: I will remove the second comparison in src/Auth/Token.cs.
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Goes_from_a_labelled_issue_to_a_draft_pull_request_with_evidence_for_each_key()
    {
        await using var slack = new WebhookReceiver();
        await using var ringfence = await RunningRingfence.StartAsync(Script);
        RealAgents.Place(ringfence, "claude-code");
        await using var host = await PublishAsync(ringfence);
        await ConfigureAsync(ringfence, host, slack);
        Assert.Contains("no mistakes", (await ringfence.CliAsync("lint", "consolidate-token-validation")).Output, StringComparison.Ordinal);
        await using var server = await RunningServer.StartAsync(ringfence);
        var bob = server with { Key = (string)(await server.PostAsync("/v1/keys", """{"name":"bob","role":"approver"}""")).Json["key"]! };

        // on: an issue gets its label; twice, as webhooks do.
        Assert.Equal((HttpStatusCode.Accepted, "received"), await LabelAsync(server));
        Assert.Equal((HttpStatusCode.Accepted, "repeated"), await LabelAsync(server));

        // notify, approve: the plan is asked for, then the change.
        var run = await AskedAsync(slack, bob);
        await ApproveAsync(bob, run, "plan");
        Assert.Equal(run, await AskedAsync(slack, bob));
        await ApproveAsync(bob, run, "diff");
        var ended = await server.EndedAsync(run);

        Assert.True((string?)ended["status"] == "completed", ended.ToJsonString());
        await ringfence.ScriptWasPlayedAsync();
        await PullRequestAsync(ringfence, host, ended);
        Evidence(await FactsAsync(ringfence, run));
        Assert.Single((await server.GetAsync("/v1/runs")).Json["data"]!.AsArray());
        var triggers = (await server.GetAsync("/v1/triggers")).Json;
        Assert.Equal((Schedule, "started"), ((string?)triggers["schedules"]![0]!["cron"], (string?)triggers["deliveries"]![0]!["status"]));
        Assert.Equal(0, (await ringfence.CliAsync("audit", "verify", run)).ExitCode);
    }

    private static async Task<GitHubLike> PublishAsync(RunningRingfence ringfence)
    {
        await ringfence.CommitAsync(
            (".ringfence/workflows/consolidate-token-validation.md", Workflow),
            ("App.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>\n"),
            ("src/Auth/Token.cs", "namespace App;\n\npublic static class Token\n{\n    public static bool IsValid(int length) => length > 8 && length > 8;\n}\n"),
            ("src/Auth/Generated/Generated.cs", "namespace App;\n\npublic static class Generated\n{\n    public static bool Use() => Token.IsValid(9);\n}\n"),
            ("src/Auth/build.log", "noise\n"), ("tests/Auth/.keep", ""), (".gitignore", "bin/\nobj/\n"));
        var folder = Path.Combine(Path.GetDirectoryName(ringfence.Repository)!, "host");
        await ringfence.GitAsync("clone", "-q", "--bare", ".", Path.Combine(folder, "acme/app.git"));
        await ringfence.GitAsync("--git-dir", Path.Combine(folder, "acme/app.git"), "config", "http.receivepack", "true");
        return new GitHubLike(folder);
    }

    private static async Task ConfigureAsync(RunningRingfence ringfence, GitHubLike host, WebhookReceiver slack)
    {
        await File.WriteAllTextAsync(
            Path.Combine(ringfence.Home, "policy.yaml"),
            $$"""
            slack_url: {{slack.Url}}
            webhook_networks: ["127.0.0.0/8"]
            code_hosts:
              - { host: "{{new Uri(host.Address).Authority}}", kind: github, api: "{{host.Address}}/api", token: HOST_TOKEN }
            triggers:
              app: { repo: "{{host.Repository}}", secret: HOOK_SECRET, people: ["eve=key:eve"] }
            """, Cancel);
        ringfence.Environment["HOST_TOKEN"] = GitHubLike.Token;
        ringfence.Environment["HOOK_SECRET"] = Secret;
        ringfence.Environment["FEED_TOKEN"] = "feed-token-must-stay-outside";
    }

    private static async Task<(HttpStatusCode, string?)> LabelAsync(RunningServer server)
    {
        const string Body = """{"action":"labeled","label":{"name":"agent:auth"},"issue":{"number":12,"title":"Tokens expire twice","body":"See Token.cs.","html_url":"https://x/12","author_association":"MEMBER","user":{"login":"eve"}}}""";
        var signature = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(Body)));
        var answer = await (server with { Key = "" }).SendAsync(HttpMethod.Post, "/v1/hooks/app", Body, ("X-Hub-Signature-256", signature), ("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "d-1"));
        return (answer.Status, (string?)answer.Json["status"]);
    }

    /// <summary>The run that Slack says is waiting.</summary>
    private static async Task<string> AskedAsync(WebhookReceiver slack, RunningServer server)
    {
        Assert.Equal("#identity", (string?)(await slack.NextAsync(Cancel)).Json["channel"]);
        return (string)Assert.Single((await server.GetAsync("/v1/runs")).Json["data"]!.AsArray())!["id"]!;
    }

    private static async Task ApproveAsync(RunningServer server, string run, string kind)
    {
        var asked = (await server.GetAsync($"/v1/approvals/{run}")).Json;
        Assert.True(kind == (string?)asked["kind"], (await server.GetAsync($"/v1/runs/{run}")).Text);
        var answer = await server.PostAsync($"/v1/approvals/{run}/decide", $$"""{"decision":"approve","digest":"{{asked["digest"]}}"}""");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
    }

    private static async Task PullRequestAsync(RunningRingfence ringfence, GitHubLike host, JsonNode run)
    {
        var opened = Assert.Single(host.PullRequests);
        Assert.True((bool)opened["draft"]!);
        Assert.Equal("[\"agent\"]", opened["labels"]!.ToJsonString());
        Assert.Equal("Consolidate the duplicate token validation logic in `src/Auth`.", (string?)opened["title"]);
        Assert.Equal(("pr", (string?)opened["html_url"]), ((string?)run["outputs"]![0]!["type"], (string?)run["outputs"]![0]!["url"] ?? (string?)run["outputs"]![0]!["place"]));

        // The published tree is the approved one, and whole: also the files that the agent never saw.
        var bare = Path.Combine(Path.GetDirectoryName(ringfence.Repository)!, "host/acme/app.git");
        var branch = (string)opened["head"]!["ref"]!;
        Assert.Equal((string?)run["tree"], (await ringfence.GitAsync("--git-dir", bare, "rev-parse", $"{branch}^{{tree}}")).Trim());
        Assert.Equal("M\tsrc/Auth/Token.cs", (await ringfence.GitAsync("--git-dir", bare, "diff", "--name-status", "main", branch)).Trim());
    }

    private static void Evidence(IReadOnlyList<JsonNode> facts)
    {
        JsonNode Of(string type) => facts.First(fact => (string?)fact["type"] == type)["data"]!;

        Assert.Equal(5_000_000_000, (long)Of("run.started")["cost_limit_nanodollars"]!);
        Assert.Equal(60, (int)Of("run.started")["turn_limit"]!);
        Assert.Contains(facts, fact => (string?)fact["type"] == "budget.reserved");
        Assert.Equal(("Bash", "Bash(git push:*)"), ((string?)Of("tool.denied")["tool"], (string?)Of("tool.denied")["rule"]));
        Assert.DoesNotContain(facts, fact => (string?)fact["type"] == "gate.finding" && (string?)fact["data"]!["severity"] == "block");
        Assert.Equal(5, (int)Of("context.hidden")["files"]!);
        Assert.Equal(["dotnet build -warnaserror", "dotnet test"], facts.Where(fact => (string?)fact["type"] == "verification.finished").Select(fact => (string?)fact["data"]!["command"]));
        Assert.Equal(["plan", "diff"], facts.Where(fact => (string?)fact["type"] == "approval.decided").Select(fact => (string?)fact["data"]!["kind"]));
        Assert.EndsWith("/acme/app/pull/1", (string?)Of("pull_request.opened")["url"], StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<JsonNode>> FactsAsync(RunningRingfence ringfence, string run)
    {
        var logs = await ringfence.CliAsync("logs", run, "--all", "--json");
        Assert.DoesNotContain("must-stay-outside", logs.Output, StringComparison.Ordinal);
        return [.. logs.Lines.Select(line => JsonNode.Parse(line)!)];
    }
}
