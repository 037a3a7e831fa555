using System.CommandLine;
using Ringfence.Agents;
using Ringfence.App.Cli;
using Ringfence.Egress;
using Ringfence.Outputs;
using Ringfence.Runs;
using Ringfence.Secrets;

namespace Ringfence.App.Commands;

/// <summary>The flags of <c>ringfence run</c>, and how they become a request: every mistake is told at once, before anything starts.</summary>
internal sealed class RunOptions
{
    private readonly Option<string?> prompt = new("--prompt", "-p") { Description = "What to do: text, @FILE, or - for standard input.", HelpName = "TEXT|@FILE|-" };
    private readonly Option<string> repo = new("--repo") { Description = "Repository: a path or a URL. Default: here.", HelpName = "PATH|URL", DefaultValueFactory = _ => "." };
    private readonly Option<string?> @ref = new("--ref") { Description = "Branch, tag or commit to start from. Default: what is checked out.", HelpName = "REF" };
    private readonly Option<string> agent = new("--agent") { Description = "Which agent runs; `ringfence agents` lists them.", HelpName = "NAME", DefaultValueFactory = _ => "ringfence-agent" };
    private readonly Option<string?> model = new("--model") { Description = "Model id. Default: the agent's own.", HelpName = "MODEL" };
    private readonly Option<string> maxCost = new("--max-cost") { Description = "Budget in US dollars at list price. It cannot be passed.", HelpName = "USD", DefaultValueFactory = _ => "5" };
    private readonly Option<string> maxTurns = new("--max-turns") { Description = "Model requests on the main conversation, 1 to 1000.", HelpName = "N", DefaultValueFactory = _ => "60" };
    private readonly Option<string> timeout = new("--timeout") { Description = "Wall time of the whole run: 90s, 30m, 1h30m; 1s to 24h.", HelpName = "TIME", DefaultValueFactory = _ => "30m" };
    private readonly Option<string> silence = new("--silence") { Description = "End a run in which nothing happens for so long.", HelpName = "TIME", DefaultValueFactory = _ => "10m" };
    private readonly Option<string[]> done = new("--done") { Description = "A check that must pass, run by the platform in a fresh sandbox. Repeatable.", HelpName = "CMD" };
    private readonly Option<string> checkTimeout = new("--check-timeout") { Description = "Wall time of each check.", HelpName = "TIME", DefaultValueFactory = _ => "10m" };
    private readonly Option<string> attempts = new("--attempts") { Description = "How often the agent may try until the checks pass, 1 to 10.", HelpName = "N", DefaultValueFactory = _ => "3" };
    private readonly Option<string[]> allow = new("--allow") { Description = "Host that may be reached: HOST, *.SUFFIX, either with :PORT. Repeatable. Default: none.", HelpName = "HOST" };
    private readonly Option<string[]> preset = new("--allow-preset") { Description = "Registries of an ecosystem as your own tools are configured: npm, nuget, pip, cargo, go, maven, apt. Repeatable.", HelpName = "NAME" };
    private readonly Option<string> network = new("--network") { Description = "deny: only what is allowed. learn: any public host, and the allow list to paste at the end.", HelpName = "deny|learn", DefaultValueFactory = _ => "deny" };
    private readonly Option<string[]> secret = new("--secret") { Description = "A secret that the egress door adds to requests; the agent never has it. From the variable NAME unless said otherwise. Repeatable.", HelpName = "NAME[=env:VARIABLE|file:PATH|command:LINE]" };
    private readonly Option<string[]> secretHost = new("--secret-host") { Description = "Where the secret may go; with several secrets, one for each in the same order. Commas separate hosts.", HelpName = "HOST[,HOST]" };
    private readonly Option<string[]> secretHeader = new("--secret-header") { Description = "Header that carries it; with several secrets, one for each. Default: Authorization.", HelpName = "HEADER" };
    private readonly Option<string> output = new("--output", "-o") { Description = "branch (ringfence/RUN in the repository), patch (a file here) or none.", HelpName = "branch|patch|none", DefaultValueFactory = _ => "branch" };

    public IEnumerable<Option> All =>
        [prompt, repo, @ref, agent, model, maxCost, maxTurns, timeout, silence, done, checkTimeout, attempts, allow, preset, network, secret, secretHost,
        secretHeader, output];

    public async Task<Result<RunRequest>> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var request = new RunRequest
        {
            Prompt = await PromptAsync(parsed.GetValue(prompt), failures, cancellationToken) ?? "",
            Repository = parsed.GetRequiredValue(repo),
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
            Done = parsed.GetValue(done) ?? [],
            Attempts = Number("--attempts", parsed.GetRequiredValue(attempts), 1, 10, failures),
            Network = Network(parsed, failures),
            Output = Output(parsed.GetRequiredValue(output), failures),
            RequestedBy = Home.User,
        };

        failures.AddRange(request.Done.Where(string.IsNullOrWhiteSpace).Select(_ => new Failure("bad_check", "--done is empty.", "Give a command, such as --done 'dotnet test'.")));
        return failures.Count > 0 ? Result.Fail<RunRequest>(failures) : request;
    }

    /// <summary>The agent that was named, read apart from the rest so that its mistakes are told together with theirs.</summary>
    public Result<AgentDescription> ReadAgent(ParseResult parsed) => new AgentCatalog(Home.DefaultFolder).Find(parsed.GetRequiredValue(agent));


    private NetworkPolicy Network(ParseResult parsed, List<Failure> failures)
    {
        var policy = new NetworkPolicy(parsed.GetValue(allow) ?? [], parsed.GetValue(network) == "learn")
        {
            Presets = parsed.GetValue(preset) ?? [],
            Secrets = Secrets(parsed, failures),
        };

        if (parsed.GetValue(network) is not ("deny" or "learn"))
        {
            failures.Add(new Failure("bad_network", $"--network cannot be '{parsed.GetValue(network)}'.", "One of: deny, learn."));
        }

        failures.AddRange(EgressRules.Parse(policy).Failures);
        return policy;
    }

    private IReadOnlyList<SecretGrant> Secrets(ParseResult parsed, List<Failure> failures)
    {
        var names = parsed.GetValue(secret) ?? [];
        var hosts = parsed.GetValue(secretHost) ?? [];
        var headers = parsed.GetValue(secretHeader) ?? [];

        if (hosts.Length != names.Length || (headers.Length > 0 && headers.Length != names.Length))
        {
            failures.Add(new Failure(
                "bad_secret", $"{names.Length} --secret, {hosts.Length} --secret-host and {headers.Length} --secret-header do not go together.",
                "Give each --secret its --secret-host, in the same order; --secret-header for none or for each."));
            return [];
        }

        return [.. names.Select((name, i) => name.Split('=', 2) is [var plain, var source]
            ? new SecretGrant(plain, hosts[i].Split(','), source, headers.ElementAtOrDefault(i) ?? "Authorization")
            : new SecretGrant(name, hosts[i].Split(','), null, headers.ElementAtOrDefault(i) ?? "Authorization"))];
    }

    private static async Task<string?> PromptAsync(string? text, List<Failure> failures, CancellationToken cancellationToken)
    {
        const int Longest = 50_000;

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
        if (Enum.TryParse<OutputKind>(text, ignoreCase: true, out var kind) && Enum.IsDefined(kind) && !char.IsAsciiDigit(text[0]))
        {
            return kind;
        }

        failures.Add(new Failure("bad_output", $"--output cannot be '{text}'.", "One of: branch, patch, none."));
        return OutputKind.None;
    }
}
