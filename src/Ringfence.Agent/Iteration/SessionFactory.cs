using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Hooks;
using Ringfence.Agent.Execution.Mcp;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Models;
using Ringfence.Agent.Prompt;
using Ringfence.Agent.Settings;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Iteration;

/// <summary>Puts a session together from options and environment, or says everything that is wrong with them.</summary>
internal static class SessionFactory
{
    public const string DefaultModel = "claude-opus-5-5";

    /// <summary>Chooses which session this is: a new one, one that goes on, or a copy of one.</summary>
    public static (SessionPlan? Plan, IReadOnlyList<Failure> Failures) Plan(AgentOptions options, TimeProvider time, Func<string, string?> environment)
    {
        var root = RealPath.Of(options.Directory ?? Directory.GetCurrentDirectory());
        var store = new SessionStore(UserDirectory(environment), root);
        var resumed = options.Resume ?? (options.Continue ? store.Recent().FirstOrDefault() : null);

        if (options.Continue && resumed is null)
        {
            return (null, [new Failure("no_session", "No conversation found to continue")]);
        }

        if (options.SessionId is { } wanted && store.Find(wanted) is not null)
        {
            return (null, [new Failure("session_in_use", $"Error: Session ID {wanted} is already in use.")]);
        }

        if (resumed is null)
        {
            var id = options.SessionId ?? Guid.CreateVersion7(time.GetUtcNow()).ToString();
            return (new SessionPlan(id, store.PathOf(id), null), []);
        }

        if (store.Find(resumed) is not { } path)
        {
            return (null, [new Failure("no_session", $"No conversation found with session ID: {resumed}")]);
        }

        var (restored, failure) = TranscriptReader.Read(path, options.ResumeAt);

        if (restored is null)
        {
            return (null, [failure!]);
        }

        if (!options.ForkSession)
        {
            return (new SessionPlan(resumed, path, restored) { RewindsTo = options.ResumeAt }, []);
        }

        var copy = options.SessionId ?? Guid.CreateVersion7(time.GetUtcNow()).ToString();
        return (new SessionPlan(copy, store.PathOf(copy), restored) { Copies = true }, []);
    }

    public static (AgentSession? Session, IReadOnlyList<Failure> Failures) Create(
        AgentOptions options, SessionPlan plan, IAgentHost host, TimeProvider time, Func<string, string?> environment)
    {
        var failures = new List<Failure>();
        var root = RealPath.Of(options.Directory ?? Directory.GetCurrentDirectory());
        var settings = SettingsReader.Read(options, root, UserDirectory(environment), failures);
        var process = environment;
        environment = name => settings.OwnEnvironment.TryGetValue(name, out var value) ? value : process(name);
        var provider = options.Provider = Providers.Choose(options.Provider, environment);
        var endpoint = Providers.Endpoint(provider, environment);
        var (variable, usual) = Providers.DefaultModel(provider);
        var model = options.Model ?? ModelEndpoint.Blank(environment(variable)) ?? settings.Model ?? usual;
        var work = new Workplace(root, Path.Combine(Path.GetTempPath(), "ringfence-agent-" + plan.SessionId), time)
        {
            Sandbox = options.NoSandbox || settings.SandboxDisabled ? null : CommandSandbox.Named(process(CommandSandbox.Variable), settings.SandboxHosts),
        };

        if (endpoint.KeySource == "none")
        {
            failures.Add(new Failure("no_key", $"Not logged in: there is no key for {provider}.", "Set ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN, OPENAI_API_KEY or GEMINI_API_KEY, and the base URL for a gateway."));
        }

        if (options.MaxBudgetUsd is not null && !PriceTable.Of(model).IsKnown)
        {
            failures.Add(new Failure("no_price", $"No price is known for the model '{model}', so that --max-budget-usd cannot be kept."));
        }

        foreach (var directory in options.AddDirectories.Concat(settings.AdditionalDirectories))
        {
            if (Directory.Exists(directory))
            {
                work.AdditionalDirectories.Add(Path.GetFullPath(directory));
            }
            else
            {
                failures.Add(new Failure("no_directory", $"The additional directory '{directory}' does not exist."));
            }
        }

        var permissions = Permissions(options, settings, environment, failures);
        var tools = ToolBox.Standard();
        Choose(tools, options, permissions);

        if (options.JsonSchema is { } text)
        {
            if (Json.TryParseObject(text) is { } schema)
            {
                tools.Add(new StructuredOutputTool(schema));
            }
            else
            {
                failures.Add(new Failure("bad_schema", "--json-schema is not a JSON object."));
            }
        }

        var servers = McpServerConfig.Read(options, settings, root, environment, failures).Select(s => s.ToEntry(root, host)).ToArray();
        var agents = SubAgentFiles.Read(options.Agents, root, UserDirectory(environment), options.Bare, failures);

        if (failures.Count > 0)
        {
            return (null, failures);
        }

        var (memoryPaths, memory) = options.Bare ? ([], "") : MemoryFiles.Read(root, UserDirectory(environment));
        options.MaxOutputTokens = (int)Math.Clamp(ModelEndpoint.Number(environment("CLAUDE_CODE_MAX_OUTPUT_TOKENS"), options.MaxOutputTokens), 1, 1_000_000);

        var session = new AgentSession
        {
            Id = plan.SessionId,
            Options = options,
            Model = model,
            Workplace = work,
            Permissions = permissions,
            Tools = tools,
            Servers = new McpServers(tools),
            Checkpoints = environment("CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING") is "true" or "1"
                ? new FileCheckpoints(Path.Combine(UserDirectory(process), "file-history", plan.SessionId)) : null,
            Spending = new Spending(options.MaxBudgetUsd is { } dollars ? (long)(dollars * 1_000_000_000) : null),
            Endpoint = endpoint,
            Models = new ModelCaller(Providers.Wire(provider, new ModelHttp(endpoint, time)), endpoint.MaxRetries, time, new Random()),
            Host = host,
            System = SystemPrompt.Create(options, work, memory, model, time.GetUtcNow()),
            Time = time,
            Transcript = Transcript.Open(plan.Path, plan.SessionId, root, keep: !options.NoSessionPersistence, time),
            MemoryPaths = memoryPaths,
            Memory = memory,
            Theme = settings.Theme,
            ThinkingTokens = options.MaxThinkingTokens,
            Settings = settings.Sources,
        };

        foreach (var hook in settings.HooksDisabled ? [] : settings.Hooks)
        {
            session.Hooks.Add(new CommandHook(hook.Event, hook.Matcher, hook.Command, hook.Limit, root, time));
        }

        foreach (var (name, value) in settings.CommandEnvironment)
        {
            work.Environment[name] = value;
        }

        session.ConfiguredServers = servers;
        if (options.Title is { } title && plan.Restored is null)
        {
            session.Transcript.RecordTitle(title, session.NewId());
        }

        SubAgents.Offer(session, agents);
        plan.RestoreTo(session);
        return (session, []);
    }

    public static string UserDirectory(Func<string, string?> environment) =>
        ModelEndpoint.Blank(environment("CLAUDE_CONFIG_DIR")) ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".claude");

    private static PermissionPolicy Permissions(AgentOptions options, AgentSettings settings, Func<string, string?> environment, List<Failure> failures)
    {
        var policy = new PermissionPolicy
        {
            Mode = options.SkipPermissions ? PermissionMode.BypassPermissions : ModeName.Parse(options.PermissionMode ?? settings.DefaultMode) ?? PermissionMode.Default,
        };

        if (policy.Mode == PermissionMode.BypassPermissions && settings.BypassDisabled)
        {
            policy.Mode = PermissionMode.Default;
            options.AllowBypass = options.SkipPermissions = false;
            StandardStreams.WriteError("Bypassing permissions is disabled by the settings.");
        }

        Rules(policy.Allow, settings.Allow, "settings", failures);
        Rules(policy.Ask, settings.Ask, "settings", failures);
        Rules(policy.Deny, settings.Deny, "settings", failures);

        Rules(policy.Allow, options.AllowedTools, "--allowedTools", failures);
        Rules(policy.Deny, options.DisallowedTools, "--disallowedTools", failures);

        if (policy.Mode == PermissionMode.BypassPermissions && WhyNoBypass(environment) is { } why)
        {
            failures.Add(why);
        }

        return policy;
    }

    /// <summary>Root without a sandbox around it: one wrong command is the whole machine.</summary>
    public static Failure? WhyNoBypass(Func<string, string?> environment) => Environment.IsPrivilegedProcess && environment("IS_SANDBOX") != "1"
        ? new Failure("root_bypass", "--dangerously-skip-permissions cannot be used with root privileges for security reasons.", "Set IS_SANDBOX=1 within a sandbox.") : null;

    public static void Rules(List<PermissionRule> to, IEnumerable<string> texts, string source, List<Failure> failures)
    {
        foreach (var text in texts.SelectMany(PermissionRule.Split))
        {
            if (PermissionRule.TryParse(text, out var rule, out var error))
            {
                to.Add(rule with { Source = source.StartsWith("--", StringComparison.Ordinal) ? "cliArg" : source });
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
