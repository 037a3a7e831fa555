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

        if (YamlMapping.Parse(yaml, source, Code, failures, firstLine) is not { } root)
        {
            return Result.Fail<Workflow>(failures);
        }

        var prompt = body ?? root.Text("prompt", required: true);
        var network = root.Mapping("network");
        var workflow = new Workflow
        {
            Name = root.Text("name") ?? Path.GetFileNameWithoutExtension(source),
            Prompt = prompt?.Trim() ?? "",
            Agent = root.Text("agent") ?? "ringfence-agent",
            Model = root.Text("model"),
            Limits = Limits(root.Mapping("limits")),
            Network = Network(network, failures),
            Presets = Presets(network),
            Secrets = [.. root.Mappings("secrets").Select(Secret)],
            Constraints = Constraints(root.Mapping("constraints")),
            Pins = Pins(root.Mapping("context"), prompt ?? ""),
            Done = root.Texts("done", single: true),
            Attempts = root.Number("attempts", 1, 10) ?? 3,
            Output = Output(root),
        };

        if (prompt is not null && workflow.Prompt.Length is 0 or > 50_000)
        {
            failures.Add(new Failure(Code, $"{source}: The prompt has {workflow.Prompt.Length:N0} characters; 1 to 50,000 are allowed."));
        }

        network?.RefuseOthers();
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

    private static WorkflowLimits Limits(YamlMapping? limits)
    {
        if (limits is null)
        {
            return new WorkflowLimits();
        }

        var costs = limits.IsText("cost") ? null : limits.Mapping("cost");
        var read = new WorkflowLimits
        {
            Cost = costs is null ? Cost(limits, "cost") : Cost(costs, "run"),
            CostPerDay = costs is null ? null : Cost(costs, "workflow_day"),
            Turns = limits.Number("turns", 1, 1000),
            Time = Time(limits, "time"),
            MemoryBytes = Bytes(limits, "memory"),
        };

        costs?.RefuseOthers();
        limits.RefuseOthers();
        return read;
    }

    private static IReadOnlyList<string> Pins(YamlMapping? context, string prompt)
    {
        var pins = context?.Texts("pin", single: true) ?? [];

        foreach (var unknown in pins.Where(name => PromptSections.Find(prompt, name) is null))
        {
            context!.Fail("pin", $"The prompt has no text under a heading '{unknown}'.", $"Write it as Markdown: ## {unknown}");
        }

        context?.RefuseOthers();
        return pins;
    }

    private static IReadOnlyList<string> Network(YamlMapping? network, List<Failure> failures)
    {
        var allow = network?.Texts("allow") ?? [];
        failures.AddRange(EgressRules.Parse(new NetworkPolicy(allow)).Failures);
        return allow;
    }

    private static IReadOnlyList<string> Presets(YamlMapping? network)
    {
        var presets = network?.Texts("presets") ?? [];

        foreach (var unknown in presets.Except(EcosystemPresets.Names))
        {
            network!.Fail("presets", $"There is no preset '{unknown}'.", $"Presets are {string.Join(", ", EcosystemPresets.Names)}.");
        }

        return presets;
    }

    private static WorkflowSecret Secret(YamlMapping secret)
    {
        var read = new WorkflowSecret(
            secret.Text("name", required: true) ?? "", secret.Text("host", required: true) ?? "", secret.Text("header") ?? "Authorization");
        secret.RefuseOthers();
        return read;
    }

    private static WorkflowConstraints Constraints(YamlMapping? constraints)
    {
        if (constraints is null)
        {
            return new WorkflowConstraints();
        }

        var diff = constraints.Mapping("diff");
        var read = new WorkflowConstraints
        {
            Write = constraints.Texts("write"),
            Never = constraints.Texts("never"),
            MaxFiles = diff?.Number("files", 1, 1_000_000),
            MaxLines = diff?.Number("lines", 1, 100_000_000),
            Dependencies = constraints.OneOf("dependencies", ["none", "ask", "any"]) ?? "any",
            Tests = constraints.OneOf("tests", ["keep", "any"]) ?? "any",
        };

        diff?.RefuseOthers();
        constraints.RefuseOthers();
        return read;
    }

    private static OutputKind Output(YamlMapping root) => root.OneOf("output", ["branch", "patch", "none"]) switch
    {
        "patch" => OutputKind.Patch,
        "none" => OutputKind.None,
        _ => OutputKind.Branch,
    };

    private static Money? Cost(YamlMapping mapping, string key)
    {
        if (mapping.Text(key) is not { } text)
        {
            return null;
        }

        if (Money.TryParse(text, out var money) && money > Money.Zero)
        {
            return money;
        }

        mapping.Fail(key, $"'{key}' is an amount of dollars above 0, not '{text}'.", "Such as $5.00.");
        return null;
    }

    private static TimeSpan? Time(YamlMapping mapping, string key)
    {
        if (mapping.Text(key) is not { } text)
        {
            return null;
        }

        if (Duration.TryParse(text, out var duration) && duration >= TimeSpan.FromSeconds(1) && duration <= TimeSpan.FromHours(24))
        {
            return duration;
        }

        mapping.Fail(key, $"'{key}' is a time from 1s to 24h, not '{text}'.", "Such as 30m or 1h30m.");
        return null;
    }

    private static long? Bytes(YamlMapping mapping, string key)
    {
        if (mapping.Text(key) is not { } text)
        {
            return null;
        }

        if (ByteSize.TryParse(text, out var bytes) && bytes >= 64L << 20)
        {
            return bytes;
        }

        mapping.Fail(key, $"'{key}' is a size of at least 64MiB, not '{text}'.", "Such as 4GiB.");
        return null;
    }
}
