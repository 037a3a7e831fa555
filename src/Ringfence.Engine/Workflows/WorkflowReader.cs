using Ringfence.Agents;
using Ringfence.Approvals;
using Ringfence.Documents;
using Ringfence.Egress;
using Ringfence.Outputs;

namespace Ringfence.Workflows;

/// <summary>Reads a workflow file: Markdown with YAML front matter, or YAML with a <c>prompt</c> key. All errors at once, with line and column.</summary>
public static class WorkflowReader
{
    private const string Code = "bad_workflow";

    public static Result<Workflow> Read(string text, string source)
    {
        var failures = new List<Failure>();
        var (yaml, body, firstLine) = Split(text);

        if (YamlMapping.Parse(yaml, source, Code, failures, firstLine)?.By(WorkflowKeys.Root) is not { } root)
        {
            return Result.Fail<Workflow>(failures);
        }

        var prompt = Prompt(root, body, source, failures);
        var network = root.Mapping(WorkflowKeys.Network);
        var context = root.Mapping(WorkflowKeys.Context);
        var inputs = WorkflowInputReader.Read(root, prompt, yaml, source, firstLine, failures);
        var workflow = new Workflow
        {
            Name = Name(root, Path.GetFileNameWithoutExtension(source)),
            Prompt = prompt,
            Agent = Agent(root.Mapping(WorkflowKeys.Agent)),
            Model = root.Text(WorkflowKeys.Model),
            On = WorkflowTriggerReader.Read(root, inputs),
            Limits = Limits(root.Mapping(WorkflowKeys.Limits)),
            Network = Network(network, failures),
            Presets = Presets(network),
            Secrets = [.. root.Mappings(WorkflowKeys.Secrets).Select(Secret)],
            Inputs = inputs,
            Tools = Tools(root.Mapping(WorkflowKeys.Tools)),
            Context = Context(context),
            Pins = Pins(context, prompt),
            Constraints = Constraints(root.Mapping(WorkflowKeys.Constraints)),
            Done = root.Texts(WorkflowKeys.Done),
            Attempts = root.Number(WorkflowKeys.Attempts) ?? 3,
            Approve = [.. root.Mappings(WorkflowKeys.Approve).Select(Approve)],
            Slack = Slack(root.Mapping(WorkflowKeys.Notify)),
        };

        var (output, pullRequest) = Output(root.Mapping(WorkflowKeys.Output));
        workflow = workflow with { Output = output, PullRequest = pullRequest };
        network?.RefuseOthers();
        context?.RefuseOthers();
        root.RefuseOthers();
        return failures.Count > 0 ? Result.Fail<Workflow>(failures) : workflow;
    }

    /// <summary>Front matter between two lines of three hyphens, and the prompt after it; without them the whole text is YAML.</summary>
    private static (string Yaml, string? Body, int FirstLine) Split(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var end = lines[0].TrimEnd() == "---" ? Array.FindIndex(lines, 1, line => line.TrimEnd() == "---") : -1;
        return end < 0 ? (text, null, 1) : (string.Join('\n', lines[1..end]), string.Join('\n', lines[(end + 1)..]), 2);
    }

    /// <summary>It is found by its file, and paid for and on record by its name: the two are one.</summary>
    private static string Name(YamlMapping root, string file)
    {
        if (root.Text(WorkflowKeys.Name) is { } name && name != file)
        {
            root.Fail(WorkflowKeys.Name.Name, $"'name' is '{name}', and the file is called '{file}'.", "A workflow is called what its file is called: leave name out, or rename one of them.");
        }

        return file;
    }

    private static string Prompt(YamlMapping root, string? body, string source, List<Failure> failures)
    {
        var key = root.Text(WorkflowKeys.Prompt);

        if (body is not null && key is not null)
        {
            root.Fail(WorkflowKeys.Prompt.Name, "'prompt' stands in the body of a Markdown file, not in its head.");
        }
        else if (body is null && key is null)
        {
            root.Fail(WorkflowKeys.Prompt.Name, "'prompt' is missing.");
        }
        else if ((body ?? key)!.Trim().Length is 0 or > 50_000)
        {
            failures.Add(new Failure(Code, $"{source}: The prompt has {(body ?? key)!.Trim().Length:N0} characters; 1 to 50,000 are allowed."));
        }

        return (body ?? key ?? "").Trim();
    }

    internal static WorkflowLimits Limits(YamlMapping? limits)
    {
        if (limits is null)
        {
            return new WorkflowLimits();
        }

        var costs = limits.Mapping(WorkflowKeys.Costs);
        var read = new WorkflowLimits
        {
            Cost = costs?.Amount(WorkflowKeys.CostOfRun),
            CostPerDay = costs?.Amount(WorkflowKeys.CostOfDay),
            Turns = limits.Number(WorkflowKeys.Turns),
            Time = limits.Time(WorkflowKeys.Time),
            MemoryBytes = limits.Size(WorkflowKeys.Memory),
        };

        costs?.RefuseOthers();
        limits.RefuseOthers();
        return read;
    }

    internal static IReadOnlyList<string> Network(YamlMapping? network, List<Failure> failures)
    {
        var allow = network?.Texts(WorkflowKeys.Allow) ?? [];
        failures.AddRange(EgressRules.Parse(new NetworkPolicy(allow)).Failures);
        return allow;
    }

    private static IReadOnlyList<string> Presets(YamlMapping? network)
    {
        var presets = network?.Texts(WorkflowKeys.Presets) ?? [];

        foreach (var unknown in presets.Except(EcosystemPresets.Names))
        {
            network!.Fail("presets", $"There is no preset '{unknown}'.", $"Presets are {string.Join(", ", EcosystemPresets.Names)}.");
        }

        return presets;
    }

    private static WorkflowSecret Secret(YamlMapping secret)
    {
        var read = new WorkflowSecret(
            secret.Text(WorkflowKeys.SecretName) ?? "", secret.Text(WorkflowKeys.SecretHost) ?? "", secret.Text(WorkflowKeys.SecretHeader) ?? "Authorization");
        secret.RefuseOthers();
        return read;
    }

    /// <summary>Rules over tools, each checked.</summary>
    internal static IReadOnlyList<string> Rules(YamlMapping mapping, ListKey key)
    {
        var rules = mapping.Texts(key);

        foreach (var text in rules.Where(text => ToolRule.TryParse(text) is null))
        {
            mapping.Fail(key.Name, $"'{text}' is no rule.", "A tool, or a tool and what it may not do: WebFetch, Bash(git push:*), Edit(legacy/**).");
        }

        foreach (var host in rules.Select(ToolRule.TryParse).Select(rule => rule?.Unreachable).OfType<string>().Where(host => EgressRules.Parse(new NetworkPolicy(["!" + host])).IsFailure))
        {
            mapping.Fail(key.Name, $"'{host}' is no host that the network door could refuse.", "A name or a suffix: WebFetch(domain:*.example.com).");
        }

        return rules;
    }

    private static ToolRules Tools(YamlMapping? tools)
    {
        if (tools is null)
        {
            return ToolRules.None;
        }

        var read = new ToolRules(tools.Texts(WorkflowKeys.ToolsAllow), Rules(tools, WorkflowKeys.ToolsDeny));

        foreach (var text in read.Allow.Where(text => ToolRule.TryParse(text) is not { What: null }))
        {
            tools.Fail(
                WorkflowKeys.ToolsAllow.Name, $"'{text}' is no name of a tool.",
                "tools.allow names whole tools: nothing could enforce that a shell runs only some commands. Deny those that must not run.");
        }

        tools.RefuseOthers();
        return read;
    }

    private static ContextView Context(YamlMapping? context) => context is null
        ? ContextView.Everything
        : new ContextView(context.Texts(WorkflowKeys.ContextInclude), context.Texts(WorkflowKeys.ContextExclude));

    private static IReadOnlyList<string> Pins(YamlMapping? context, string prompt)
    {
        var pins = context?.Texts(WorkflowKeys.Pin) ?? [];

        foreach (var unknown in pins.Where(name => PromptSections.Find(prompt, name) is null))
        {
            context!.Fail("pin", $"The prompt has no text under a heading '{unknown}'.", $"Write it as Markdown: ## {unknown}");
        }

        return pins;
    }

    internal static WorkflowConstraints Constraints(YamlMapping? constraints)
    {
        if (constraints is null)
        {
            return new WorkflowConstraints();
        }

        var diff = constraints.Mapping(WorkflowKeys.Diff);
        var read = new WorkflowConstraints
        {
            Write = constraints.Texts(WorkflowKeys.Write),
            Never = constraints.Texts(WorkflowKeys.Never),
            MaxFiles = diff?.Number(WorkflowKeys.Files),
            MaxLines = diff?.Number(WorkflowKeys.Lines),
            Dependencies = constraints.Choice(WorkflowKeys.Dependencies) ?? "any",
            Tests = constraints.Choice(WorkflowKeys.Tests) ?? "any",
        };

        diff?.RefuseOthers();
        constraints.RefuseOthers();
        return read;
    }

    internal static ApprovalRule Approve(YamlMapping rule)
    {
        var kind = rule.Choice(WorkflowKeys.ApproveKind);
        var read = new ApprovalRule(kind is null ? ApprovalKind.Diff : Enum.Parse<ApprovalKind>(kind, ignoreCase: true))
        {
            Count = rule.Number(WorkflowKeys.ApproveCount) ?? 1,
            From = rule.Texts(WorkflowKeys.ApproveFrom),
            Paths = rule.Texts(WorkflowKeys.ApprovePaths),
            Within = rule.Time(WorkflowKeys.ApproveWithin) ?? ApprovalRule.DefaultWithin,
            Raise = rule.Amount(WorkflowKeys.ApproveRaise),
        };

        if (read.Paths.Count > 0 && read.Kind != ApprovalKind.Diff)
        {
            rule.Fail("paths", "'paths' is for diff alone: nothing else has changed paths.");
        }

        if (read.Raise is not null && read.Kind != ApprovalKind.Budget)
        {
            rule.Fail("raise", "'raise' is for budget alone.");
        }

        rule.RefuseOthers();
        return read;
    }

    private static string Agent(YamlMapping? agent)
    {
        var (name, command) = (agent?.Text(WorkflowKeys.AgentName), agent?.Texts(WorkflowKeys.AgentCommand) ?? []);

        if (name is not null && command.Count > 0)
        {
            agent!.Fail(WorkflowKeys.AgentCommand.Name, "An agent has a name or a command, not both.");
        }

        agent?.RefuseOthers();
        return command.Count > 0 ? AgentCatalog.NameOf(command)
            : name switch { null or "builtin" => "ringfence-agent", "gemini" => "gemini-cli", "qwen" => "qwen-code", _ => name };
    }

    private static (OutputKind Kind, PullRequestTerms Terms) Output(YamlMapping? output)
    {
        if (output is null)
        {
            return (OutputKind.Branch, new PullRequestTerms());
        }

        var kind = output.Choice(WorkflowKeys.OutputKind);
        var terms = output.Mapping(WorkflowKeys.PullRequest);

        if (kind is not null && kind != WorkflowKeys.PullRequest.Name && terms is not null)
        {
            output.Fail(WorkflowKeys.PullRequest.Name, $"The output is {kind}, so there is no pull request.");
        }

        var read = new PullRequestTerms
        {
            Draft = terms?.Boolean(WorkflowKeys.Draft) ?? false,
            Labels = terms?.Texts(WorkflowKeys.Labels) ?? [],
            Title = terms?.Text(WorkflowKeys.Title),
            Base = terms?.Text(WorkflowKeys.Base),
            Reviewers = terms?.Texts(WorkflowKeys.Reviewers) ?? [],
        };

        terms?.RefuseOthers();
        output.RefuseOthers();
        return (terms is not null ? OutputKind.PullRequest : kind switch { "pull_request" => OutputKind.PullRequest, "patch" => OutputKind.Patch, "none" => OutputKind.None, _ => OutputKind.Branch }, read);
    }

    private static string? Slack(YamlMapping? notify)
    {
        var channel = notify?.Text(WorkflowKeys.Slack);
        notify?.RefuseOthers();
        return channel;
    }
}
