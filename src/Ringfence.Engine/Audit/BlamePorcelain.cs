using System.Globalization;
using System.Text;

namespace Ringfence.Audit;

/// <summary>Reads <c>git blame --porcelain</c>: lines that follow each other and come from the same commit and file are one group.</summary>
internal static class BlamePorcelain
{
    public static IReadOnlyList<BlamedLines> Read(byte[] output)
    {
        var groups = new List<BlamedLines>();
        var commits = new Dictionary<string, (string Author, string Subject, string Path)>();
        string? commit = null;
        var line = 0;

        // File content may be in any encoding; the parts that we read are not.
        foreach (var text in Encoding.Latin1.GetString(output).Split('\n'))
        {
            if (text.StartsWith('\t'))
            {
                Add(groups, commits, commit!, line);
                commit = null;
            }
            else if (commit is null)
            {
                var words = text.Split(' ');

                if (words.Length < 3)
                {
                    break;
                }

                (commit, line) = (words[0], int.Parse(words[2], CultureInfo.InvariantCulture));
                commits.TryAdd(commit, ("", "", ""));
            }
            else
            {
                var value = Utf8(text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
                var known = commits[commit];

                commits[commit] = text.Split(' ')[0] switch
                {
                    "author" => known with { Author = value },
                    "summary" => known with { Subject = value },
                    "filename" => known with { Path = value },
                    _ => known,
                };
            }
        }

        return groups;
    }

    private static void Add(List<BlamedLines> groups, Dictionary<string, (string Author, string Subject, string Path)> commits, string commit, int line)
    {
        var (author, subject, path) = commits[commit];

        if (groups.Count > 0 && groups[^1] is var last && last.Commit == commit && last.Path == path && last.Last == line - 1)
        {
            groups[^1] = last with { Last = line };
            return;
        }

        groups.Add(new(line, line, commit, author, subject, path, []));
    }

    private static string Utf8(string latin) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));
}
