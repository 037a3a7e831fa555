using Ringfence.Documents;

namespace Ringfence.Agents;

/// <summary>Reads a description from YAML and says everything that is wrong with it at once, with line and column.</summary>
internal sealed class AgentDescriptionReader(string source)
{
    private const string Code = "bad_agent_description";

    private static readonly string[] Roots = ["/", "{home}/", "{state}/", "{workspace}/"];
    private static readonly string[] Wires = ["anthropic", "openai-responses", "openai-chat", "gemini"];

    public Result<AgentDescription> Read(string yaml)
    {
        var failures = new List<Failure>();

        if (YamlMapping.Parse(yaml, source, Code, failures) is not { } root)
        {
            return Result.Fail<AgentDescription>(failures);
        }

        var description = new AgentDescription
        {
            Name = root.Text("name", required: true) ?? "",
            Title = root.Text("title") ?? root.Text("name") ?? "",
            Wire = root.OneOf("wire", Wires) ?? "",
            Command = root.Texts("command", required: true),
            Resume = root.Texts("resume"),
            Input = root.Text("input"),
            Environment = root.Pairs("environment"),
            Files = root.Pairs("files"),
            Events = root.OneOf("events", AgentEventReader.Formats) ?? "text",
            TerminalStatus = root.Number("terminal_status", 400, 499) ?? 403,
            DefaultModel = root.Text("default_model"),
            Mounts = root.Texts("mounts"),
            RepositoryConfiguration = root.Texts("repository_configuration"),
            Package = Package(root.Text("name") ?? "", root.Mapping("package")),
            Tools = Tools(root.Mapping("tools")),
            ToolNames = root.Pairs("tool_names"),
        };

        // It becomes part of paths.
        if (description.Name.Length > 0 && !PackageTerms.IsName(description.Name))
        {
            root.Fail("name", $"'{description.Name}' is not a name.", "Letters, digits, '-', '_' and '.'.");
        }

        Check(root, description);
        root.RefuseOthers();
        return failures.Count > 0 ? Result.Fail<AgentDescription>(failures) : Defaults(description);
    }

    private static AgentPackage? Package(string agent, YamlMapping? node)
    {
        if (node is null)
        {
            return null;
        }

        // An integrity that differs by processor is a mapping from `x64` and `arm64`.
        var integrity = node.IsText("integrity") ? node.Text("integrity") : node.Pairs("integrity").GetValueOrDefault(PackageTerms.ForThisMachine("{cpu}"));
        var package = new AgentPackage(
            agent, node.OneOf("registry", ["npm"]) ?? "npm", PackageTerms.ForThisMachine(node.Text("name", required: true) ?? ""),
            node.Text("version", required: true) ?? "", PackageTerms.ForThisMachine(node.Text("executable", required: true) ?? ""),
            node.Number("node", 1, 99), integrity);
        package = node.Text("program") is { Length: > 0 } program ? package with { Program = program } : package;

        if (node.Has("tested"))
        {
            if (node.Texts("tested") is not [var oldest, var newest] || !PackageTerms.IsVersion(oldest) || !PackageTerms.IsVersion(newest) || !PackageTerms.IsWithin(package.Version, oldest, newest))
            {
                node.Fail("tested", "'tested' is the oldest and the newest version that passed, with 'version' among them: [2.1.318, 2.1.330].");
            }
            else
            {
                package = package with { Tested = (oldest, newest) };
            }
        }

        // All three become part of a path or of an argument list.
        if (package.Version.Length > 0 && !PackageTerms.IsVersion(package.Version))
        {
            node.Fail("version", $"'version' is one exact version, not '{package.Version}'.", "Such as 2.1.329: what was not tried is not started unseen.");
        }

        if (package.Name.Length > 0 && !PackageTerms.IsName(package.Name))
        {
            node.Fail("name", $"'{package.Name}' is not the name of a package.");
        }

        if (package.Executable.Split('/').Any(part => part is "" or "." or ".."))
        {
            node.Fail("executable", $"'executable' is a path below the installed package, not '{package.Executable}'.");
        }

        if (package.Program.Contains('/', StringComparison.Ordinal))
        {
            node.Fail("program", $"'program' is a name to look for on the search path, not '{package.Program}'.");
        }

        node.RefuseOthers();
        return package;
    }

    private static AgentTools? Tools(YamlMapping? node)
    {
        if (node is null)
        {
            return null;
        }

        var tools = new AgentTools(node.Texts("shell", required: true), node.Has("write") ? node.Texts("write") : null);

        if (tools.Shell.Count is not (0 or 2))
        {
            node.Fail("shell", "'shell' is the tool's name and its argument's: [Bash, command].");
        }

        if (tools.Write is { Count: not 3 })
        {
            node.Fail("write", "'write' is the tool's name and its arguments': [Write, file_path, content].");
        }

        node.RefuseOthers();
        return tools;
    }

    private static void Check(YamlMapping root, AgentDescription agent)
    {
        if (agent.Command.Contains("{agent}") && agent.Package is null)
        {
            root.Fail("command", "'{agent}' stands for the installed package, and there is no 'package'.");
        }

        if (agent.Events == "acp" && agent.Input is not null)
        {
            root.Fail("input", "An agent that speaks ACP gets its prompt by the protocol, not as 'input'.");
        }

        foreach (var file in agent.Files.Keys.Where(file => !Roots.Any(root => file.StartsWith(root, StringComparison.Ordinal))))
        {
            root.Fail("files", $"'{file}' is not an absolute path inside the sandbox.", "Begin it with {home}/, {state}/ or /.");
        }

        foreach (var path in agent.RepositoryConfiguration.Where(path => path.StartsWith('/') || path.Split('/').Contains("..")))
        {
            root.Fail("repository_configuration", $"'{path}' is not a path from the root of the repository.");
        }
    }

    /// <summary>What a plain <c>{ command: [...] }</c> leaves out: any wire, and the prompt on standard input unless an argument takes it.</summary>
    private static AgentDescription Defaults(AgentDescription agent) => agent with
    {
        Environment = agent.Wire.Length > 0 ? agent.Environment : GatewayEnvironment.For(agent.Environment),
        Input = agent.Input ?? (agent.Events == "acp" || agent.Command.Any(a => a.Contains("{prompt}", StringComparison.Ordinal)) ? null : "{prompt}"),
    };
}
