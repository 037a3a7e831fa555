using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>Puts a session together from options and environment, or says everything that is wrong with them.</summary>
internal static class SessionFactory
{
    public const string DefaultModel = "claude-opus-5-5";

    public static (AgentSession? Session, IReadOnlyList<Failure> Failures) Create(
        AgentOptions options, string id, IAgentHost host, TimeProvider time, Func<string, string?> environment)
    {
        var failures = new List<Failure>();
        var endpoint = ModelEndpoint.Anthropic(environment);
        var model = options.Model ?? ModelEndpoint.Blank(environment("ANTHROPIC_MODEL")) ?? DefaultModel;
        var root = RealPath.Of(Directory.GetCurrentDirectory());
        var work = new Workplace(root, Path.Combine(Path.GetTempPath(), "ringfence-agent-" + id), time);

        if (endpoint.KeySource == "none")
        {
            failures.Add(new Failure("no_key", "Not logged in: neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set.", "Set one, and ANTHROPIC_BASE_URL for a gateway."));
        }

        if (options.MaxBudgetUsd is not null && !PriceTable.Of(model).IsKnown)
        {
            failures.Add(new Failure("no_price", $"No price is known for the model '{model}', so that --max-budget-usd cannot be kept."));
        }

        foreach (var directory in options.AddDirectories)
        {
            if (Directory.Exists(directory))
            {
                work.AdditionalDirectories.Add(Path.GetFullPath(directory));
            }
            else
            {
                failures.Add(new Failure("no_directory", $"The directory '{directory}' of --add-dir does not exist."));
            }
        }

        var permissions = Permissions(options, environment, failures);
        var tools = ToolBox.Standard();
        Choose(tools, options, permissions);

        if (failures.Count > 0)
        {
            return (null, failures);
        }

        var memory = options.Bare ? ([], "") : MemoryFiles.Read(root, UserDirectory(environment));
        options.MaxOutputTokens = (int)Math.Clamp(ModelEndpoint.Number(environment("CLAUDE_CODE_MAX_OUTPUT_TOKENS"), options.MaxOutputTokens), 1, 1_000_000);

        return (new AgentSession
        {
            Id = id,
            Options = options,
            Model = model,
            Workplace = work,
            Permissions = permissions,
            Tools = tools,
            Spending = new Spending(options.MaxBudgetUsd is { } dollars ? (long)(dollars * 1_000_000_000) : null),
            Endpoint = endpoint,
            Models = new ModelCaller(new AnthropicWire(new ModelHttp(endpoint, time)), endpoint.MaxRetries, time, new Random()),
            Host = host,
            System = SystemPrompt.Create(options, root, memory.Item2, model, time.GetUtcNow()),
            Time = time,
            MemoryPaths = memory.Item1,
            ThinkingTokens = options.MaxThinkingTokens,
        }, []);
    }

    public static string UserDirectory(Func<string, string?> environment) =>
        ModelEndpoint.Blank(environment("CLAUDE_CONFIG_DIR")) ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".claude");

    private static PermissionPolicy Permissions(AgentOptions options, Func<string, string?> environment, List<Failure> failures)
    {
        var policy = new PermissionPolicy
        {
            Mode = options.SkipPermissions ? PermissionMode.BypassPermissions : ModeName.Parse(options.PermissionMode) ?? PermissionMode.Default,
        };

        Rules(policy.Allow, options.AllowedTools, "--allowedTools", failures);
        Rules(policy.Deny, options.DisallowedTools, "--disallowedTools", failures);

        // Root without a sandbox around it: one wrong command is the whole machine.
        if (policy.Mode == PermissionMode.BypassPermissions && Environment.IsPrivilegedProcess && environment("IS_SANDBOX") != "1")
        {
            failures.Add(new Failure("root_bypass", "--dangerously-skip-permissions cannot be used with root privileges for security reasons.", "Set IS_SANDBOX=1 within a sandbox."));
        }

        return policy;
    }

    public static void Rules(List<PermissionRule> to, IEnumerable<string> texts, string source, List<Failure> failures)
    {
        foreach (var text in texts.SelectMany(PermissionRule.Split))
        {
            if (PermissionRule.TryParse(text, out var rule, out var error))
            {
                to.Add(rule);
            }
            else
            {
                failures.Add(new Failure("bad_rule", $"{source}: {error}."));
            }
        }
    }

    private static void Choose(ToolBox tools, AgentOptions options, PermissionPolicy permissions)
    {
        if (options.Tools is { } only && !only.Contains("default"))
        {
            tools.Remove(t => !only.Contains(t.Name) && !(only.Contains("Bash") && t.Name is "BashOutput" or "KillShell"));
        }

        // What may never be used need not be offered.
        tools.Remove(t => permissions.Deny.Any(d => d.Specifier is null && d.Tool == t.Name));
    }
}
