using System.IO.Compression;
using System.Xml;
using System.Xml.Linq;

namespace Ringfence.Egress;

/// <summary>Mirrors and repositories of Maven's settings, and the repository of its built-in project model unless a mirror stands for it.</summary>
internal static class MavenRepositories
{
    private const string SuperModel = "org/apache/maven/model/pom-4.0.0.xml";

    public static Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken) => Task.FromResult(Read(user));

    private static Result<IReadOnlyList<string>> Read(UserSide user)
    {
        var installation = Installation(user);
        string?[] files = [Path.Combine(user.Home, ".m2", "settings.xml"), installation is null ? null : Path.Combine(installation, "conf", "settings.xml")];
        var settings = new List<XElement>();

        foreach (var file in files.OfType<string>().Where(File.Exists))
        {
            try
            {
                settings.Add(XElement.Load(file));
            }
            catch (XmlException e)
            {
                return new Failure("preset_unreadable", $"{file} is not well-formed: {e.Message}");
            }
        }

        var mirrors = settings.SelectMany(s => Named(s, "mirror")).ToList();
        var urls = mirrors.Concat(settings.SelectMany(s => Named(s, "repository").Concat(Named(s, "pluginRepository")))).Select(r => Value(r, "url")).ToList();
        var mirrored = mirrors.Exists(m => Value(m, "mirrorOf").Split(',').Any(o => o.Trim() is "*" or "central" or "external:*"));

        if (!mirrored && installation is not null)
        {
            urls.AddRange(BuiltIn(installation));
        }

        return urls.Where(u => u.Length > 0).ToList();
    }

    private static string? Installation(UserSide user) =>
        new[] { user.Variables.GetValueOrDefault("MAVEN_HOME"), user.Variables.GetValueOrDefault("M2_HOME"), "/usr/share/maven", "/opt/maven" }
            .FirstOrDefault(p => !string.IsNullOrEmpty(p) && Directory.Exists(Path.Combine(p, "lib")));

    private static IEnumerable<string> BuiltIn(string installation)
    {
        foreach (var library in Directory.EnumerateFiles(Path.Combine(installation, "lib"), "maven-model-builder*.jar"))
        {
            using var archive = ZipFile.OpenRead(library);

            if (archive.GetEntry(SuperModel) is { } entry)
            {
                using var stream = entry.Open();
                return [.. Named(XElement.Load(stream), "repository").Select(r => Value(r, "url"))];
            }
        }

        return [];
    }

    // By local name: settings files come with and without their namespace.
    private static IEnumerable<XElement> Named(XElement root, string name) => root.Descendants().Where(e => e.Name.LocalName == name);

    private static string Value(XElement element, string name) => element.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim() ?? "";
}
