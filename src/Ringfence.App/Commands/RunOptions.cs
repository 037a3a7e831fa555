using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Budgets;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Workflows;

namespace Ringfence.App.Commands;

/// <summary>The flags of <c>ringfence run</c>, and how they become a request: every mistake is told at once, before anything starts.</summary>
internal sealed class RunOptions
{
    private readonly Option<string?> prompt = new("--prompt", "-p") { Description = "What to do: text, @FILE, or - for standard input.", HelpName = "TEXT|@FILE|-" };
    private readonly Option<string?> workflow = new("--workflow", "-w") { Description = "Policy and prompt from .ringfence/workflows of the repository; flags may only narrow it.", HelpName = "NAME|FILE" };
    private readonly Option<string[]> input = new("--input") { Description = "Value for an input of the workflow. Repeatable.", HelpName = "NAME=VALUE" };
    private readonly Option<string> repo = new("--repo") { Description = "Repository: a path or a URL. Default: here.", HelpName = "PATH|URL", DefaultValueFactory = _ => "." };
    private readonly Option<string?> @ref = new("--ref") { Description = "Branch, tag or commit to start from. Default: what is checked out.", HelpName = "REF" };
    private readonly Option<string> agent = new("--agent") { Description = "Which agent runs; `ringfence agents` lists them. Any ACP agent: acp:COMMAND; any program: command:EXECUTABLE ARGUMENTS.", HelpName = "NAME", DefaultValueFactory = _ => "ringfence-agent" };
    private readonly Option<string?> model = new("--model") { Description = "Model id. Default: the agent's own.", HelpName = "MODEL" };
    private readonly Option<string> maxCost = new("--max-cost") { Description = "Budget in US dollars at list price. It cannot be passed.", HelpName = "USD", DefaultValueFactory = _ => "5" };
    private readonly Option<string?> team = new("--team") { Description = "The team whose budgets pay as well (team:NAME:day, team:NAME:month).", HelpName = "NAME" };
    private readonly Option<string> maxTurns = new("--max-turns") { Description = "Model requests on the main conversation, 1 to 1000.", HelpName = "N", DefaultValueFactory = _ => "60" };
    private readonly Option<string> timeout = new("--timeout") { Description = "Wall time of the whole run: 90s, 30m, 1h30m; 1s to 24h.", HelpName = "TIME", DefaultValueFactory = _ => "30m" };
    private readonly Option<string> silence = new("--silence") { Description = "End a run in which nothing happens for so long.", HelpName = "TIME", DefaultValueFactory = _ => "10m" };
    private readonly Option<string[]> done = new("--done") { Description = "A check that must pass, run by the platform in a fresh sandbox. Repeatable.", HelpName = "CMD" };
    private readonly Option<string> checkTimeout = new("--check-timeout") { Description = "Wall time of each check.", HelpName = "TIME", DefaultValueFactory = _ => "10m" };
    private readonly Option<string> attempts = new("--attempts") { Description = "How often the agent may try until the checks pass, 1 to 10.", HelpName = "N", DefaultValueFactory = _ => "3" };
    private readonly NetworkOptions network = new();
    private readonly Option<string[]> denyTool = new("--deny-tool") { Description = "A rule over the agent's tools, such as 'Bash(git push:*)', 'Edit(legacy/**)' or WebFetch. Repeatable.", HelpName = "RULE" };
    private readonly Option<string[]> hide = new("--hide") { Description = "Files that the agent is not shown and may not change. Repeatable.", HelpName = "GLOB" };
    private readonly LimitOptions sandbox = new();
    private readonly InsideOptions inside = new();
    private readonly SetupOptions setup = new();
    private readonly Option<bool> noRepoConfig = new("--no-repo-config") { Description = "Hide the repository's own agent configuration (CLAUDE.md, .claude, AGENTS.md, .mcp.json, …)." };
    private readonly Option<string?> configFrom = new("--config-from") { Description = "Take the repository's agent configuration from this revision: for a change of somebody you do not trust, the branch it is meant for.", HelpName = "REF" };
    private readonly Option<bool> record = new("--record") { Description = "Keep the model traffic, so that `ringfence replay` can play the run back." };
    private readonly Option<string> output = new("--output", "-o") { Description = "branch (ringfence/RUN in the repository), patch (a file here), pull_request (at the repository's code host) or none.", HelpName = "KIND", DefaultValueFactory = _ => "branch" };

    public RunOptions() => workflow.CompletionSources.Add(Suggested.Workflows);

    public IEnumerable<Option> All =>
        [prompt, workflow, input, repo, @ref, agent, model, maxCost, team, maxTurns, timeout, silence, done, checkTimeout, attempts, .. network.All, denyTool, hide, .. sandbox.All, .. inside.All, .. setup.All, noRepoConfig, configFrom, record, output];

    /// <summary>A folder by its whole path: "." is another repository everywhere, and budgets, waivers and the record tell repositories apart by name.</summary>
    private static string Named(string repository) => Directory.Exists(repository) ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(repository)) : repository;

    public async Task<Result<RunRequest>> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var request = new RunRequest
        {
            Prompt = await PromptAsync(parsed.GetValue(prompt), parsed.GetValue(workflow) is null, failures, cancellationToken) ?? "",
            Repository = Named(parsed.GetRequiredValue(repo)),
            Ref = parsed.GetValue(@ref),
            Agent = parsed.GetRequiredValue(agent),
            Model = parsed.GetValue(model),
            Limits = new RunLimits
            {
                Cost = Cost(parsed.GetRequiredValue(maxCost), failures),
                Turns = Number("--max-turns", parsed.GetRequiredValue(maxTurns), 1, 1000, failures),
                Time = Time("--timeout", parsed.GetRequiredValue(timeout), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), failures),
                Silence = Time("--silence", parsed.GetRequiredValue(silence), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), failures),
                CheckTime = Time("--check-timeout", parsed.GetRequiredValue(checkTimeout), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), failures),
            },
            Team = Team(parsed.GetValue(team), failures),
            Done = parsed.GetValue(done) ?? [],
            Attempts = Number("--attempts", parsed.GetRequiredValue(attempts), 1, 10, failures),
            Network = network.Read(parsed, failures),
            Sandbox = sandbox.Read(parsed, failures),
            Tools = ToolRules.None with { Deny = Rules(parsed.GetValue(denyTool) ?? [], failures) },
            Context = ContextView.Everything with { Exclude = parsed.GetValue(hide) ?? [] },
            Mounts = inside.Mounts(parsed, failures),
            Environment = inside.Variables(parsed, failures),
            Setup = setup.Read(parsed, failures),
            HideRepositoryConfiguration = parsed.GetValue(noRepoConfig),
            Record = parsed.GetValue(record),
            ConfigurationFrom = parsed.GetValue(configFrom),
            Output = Output(parsed.GetRequiredValue(output), failures),
            RequestedBy = Home.User,
        };

        if (request is { HideRepositoryConfiguration: true, ConfigurationFrom: not null })
        {
            failures.Add(new Failure("bad_arguments", "--no-repo-config and --config-from exclude each other.", "Hide the repository's agent configuration, or take it from a revision."));
        }

        failures.AddRange(request.Done.Where(string.IsNullOrWhiteSpace).Select(_ => new Failure("bad_check", "--done is empty.", "Give a command, such as --done 'dotnet test'.")));
        var known = WithWorkflow(parsed, request);
        failures.AddRange(known.Failures);

        // Policy last: it narrows whatever flags and workflow came to.
        var policy = PolicyFile.Of(Home.DefaultFolder);
        failures.AddRange(policy.Failures);
        var allowed = known.IsFailure || policy.IsFailure ? known : policy.Value.Apply(known.Value);
        failures.AddRange(allowed.Failures.Except(known.Failures));
        return failures.Count > 0 ? Result.Fail<RunRequest>(failures) : allowed;
    }

    /// <summary>The agent that was named, read apart from the rest so that its mistakes are told together with theirs.</summary>
    public Result<AgentDescription> ReadAgent(ParseResult parsed) => new AgentCatalog(Home.DefaultFolder).Find(parsed.GetRequiredValue(agent));

    private Result<RunRequest> WithWorkflow(ParseResult parsed, RunRequest request)
    {
        var failures = new List<Failure>();
        var inputs = Inputs(parsed.GetValue(input) ?? [], failures);

        if (parsed.GetValue(workflow) is not { } name)
        {
            return failures.Count == 0 && inputs.Count == 0 ? request
                : new Failure("bad_input", "--input needs a workflow.", "Name it: --workflow NAME.");
        }

        if (!new WorkflowFolder(request.Repository).Read(name).Succeeded(out var read, out var why))
        {
            return Result.Fail<RunRequest>([.. failures, .. why]);
        }

        // A default is no word of the user's: only what was typed counts as asked for.
        bool Typed(Option option) => parsed.GetResult(option) is { Implicit: false };

        var known = WorkflowRun.Of(read, CompiledWorkflow.Digest(read), request, new RunOverrides(
            Typed(maxCost) ? request.Limits.Cost : null, Typed(maxTurns) ? request.Limits.Turns : null, Typed(timeout) ? request.Limits.Time : null,
            Typed(output) ? request.Output : null, inputs));
        return failures.Count > 0 ? Result.Fail<RunRequest>([.. failures, .. known.Failures]) : known;
    }

    /// <summary>A value is taken as it is: one that begins with @ or is - names no file, because scripts put other people's words here.</summary>
    public static Dictionary<string, string> Inputs(string[] texts, List<Failure> failures)
    {
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var text in texts)
        {
            if (text.Split('=', 2) is not [{ Length: > 0 } name, var value])
            {
                failures.Add(new Failure("bad_input", $"--input cannot be '{Printable.Escape(text)}'.", "Write --input NAME=VALUE."));
            }
            else if (!inputs.TryAdd(name, value))
            {
                failures.Add(new Failure("bad_input", $"--input {Printable.Escape(name)} is given twice."));
            }
        }

        return inputs;
    }

    private static string[] Rules(string[] texts, List<Failure> failures)
    {
        failures.AddRange(texts.Where(text => ToolRule.TryParse(text) is null).Select(text => new Failure(
            "bad_tool_rule", $"--deny-tool cannot be '{Printable.Escape(text)}'.", "A tool, or a tool and what it may not do: WebFetch, 'Bash(git push:*)', 'Edit(legacy/**)'.")));
        return texts;
    }

    /// <summary>Reads a prompt as flags give it: text, <c>@FILE</c>, or <c>-</c> for standard input.</summary>
    internal static async Task<string?> PromptAsync(string? text, bool needed, List<Failure> failures, CancellationToken cancellationToken)
    {
        const int Longest = 50_000;

        if (text is null && !needed)
        {
            return null;
        }

        if (text is null)
        {
            failures.Add(new Failure("no_prompt", "--prompt is missing.", "Say what to do: --prompt 'Fix the failing test', --prompt @task.md, or --prompt - to read it."));
            return null;
        }

        try
        {
            text = text switch
            {
                "-" => await Console.In.ReadToEndAsync(cancellationToken),
                ['@', .. var file] => await File.ReadAllTextAsync(file, cancellationToken),
                _ => text,
            };
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            failures.Add(new Failure("prompt_unreadable", $"The prompt cannot be read: {unreadable.Message}"));
            return null;
        }

        if (string.IsNullOrWhiteSpace(text) || text.Length > Longest)
        {
            failures.Add(new Failure("bad_prompt", $"The prompt has {text.Length:N0} characters; 1 to {Longest:N0} are allowed, and not only white space."));
        }

        return text;
    }

    private static Money Cost(string text, List<Failure> failures)
    {
        if (Money.TryParse(text, out var money) && money > Money.Zero && money <= Money.FromDollars(10_000))
        {
            return money;
        }

        failures.Add(new Failure("bad_limit", $"--max-cost cannot be '{text}'.", "An amount of dollars above 0 and at most 10000, such as 2.50."));
        return Money.Zero;
    }

    private static string? Team(string? name, List<Failure> failures)
    {
        if (name is not null && (name.Contains(':', StringComparison.Ordinal) || ScopeKey.Parse($"team:{name}:day").IsFailure))
        {
            failures.Add(new Failure("bad_team", $"--team cannot be '{Printable.Escape(name)}'.", "A name without colons, such as payments."));
        }

        return name;
    }

    private static int Number(string flag, string text, int least, int most, List<Failure> failures)
    {
        if (int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        failures.Add(new Failure("bad_limit", $"{flag} cannot be '{text}'.", $"A whole number from {least} to {most}."));
        return least;
    }

    private static TimeSpan Time(string flag, string text, TimeSpan least, TimeSpan most, List<Failure> failures)
    {
        if (Duration.TryParse(text, out var duration) && duration >= least && duration <= most)
        {
            return duration;
        }

        failures.Add(new Failure("bad_limit", $"{flag} cannot be '{text}'.", $"A time from {Duration.Show(least)} to {Duration.Show(most)}, such as 90s, 30m or 1h30m."));
        return least;
    }

    private static OutputKind Output(string text, List<Failure> failures)
    {
        if (OutputName.Read(text.ToLowerInvariant()) is { } kind)
        {
            return kind;
        }

        failures.Add(new Failure("bad_output", $"--output cannot be '{text}'.", $"One of: {string.Join(", ", OutputName.All)}."));
        return OutputKind.None;
    }
}
