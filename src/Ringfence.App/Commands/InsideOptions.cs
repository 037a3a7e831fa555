using System.CommandLine;
using Ringfence.Sandboxes;

namespace Ringfence.App.Commands;

/// <summary>What a sandbox shows besides the system's tool chain: the same flags for <c>run</c> and <c>sandbox</c>.</summary>
internal sealed class InsideOptions
{
    private readonly Option<string[]> env = new("--env", "-e") { Description = "Variable inside; it is on the record, so no secret. Repeatable. Nothing else of your environment is passed on.", HelpName = "NAME=VALUE" };
    private readonly Option<string[]> mount = new("--mount") { Description = "Folder or file of this machine to show inside, read-only unless :rw. Repeatable.", HelpName = "PATH[:INSIDE[:rw]]" };

    public IEnumerable<Option> All => [env, mount];

    public Dictionary<string, string> Variables(ParseResult parsed, List<Failure> failures)
    {
        var variables = new Dictionary<string, string>();

        foreach (var text in parsed.GetValue(env) ?? [])
        {
            if (text.Split('=', 2) is [{ Length: > 0 } name, var value])
            {
                variables[name] = value;
            }
            else
            {
                failures.Add(new Failure("bad_env", $"--env cannot be '{text}'.", "Write --env NAME=VALUE."));
            }
        }

        return variables;
    }

    public List<Mount> Mounts(ParseResult parsed, List<Failure> failures)
    {
        var mounts = new List<Mount>();

        foreach (var text in parsed.GetValue(mount) ?? [])
        {
            var parts = text.Split(':');

            if (parts.Length > 3 || (parts.Length == 3 && parts[2] is not ("rw" or "ro")))
            {
                failures.Add(new Failure("bad_mount", $"--mount cannot be '{text}'.", "Write --mount PATH, PATH:INSIDE or PATH:INSIDE:rw."));
                continue;
            }

            var source = Path.GetFullPath(parts[0]);
            mounts.Add(new Mount(source, parts.Length > 1 ? parts[1] : source, parts.Length == 3 && parts[2] == "rw"));
        }

        return mounts;
    }
}
