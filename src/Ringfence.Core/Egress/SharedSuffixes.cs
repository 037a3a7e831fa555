namespace Ringfence.Egress;

/// <summary>
/// Domains below which anyone may register a name, so that <c>*.domain</c> would allow the whole world. A rule of thumb, not the public suffix
/// list: top-level domains, the usual second levels of country domains, and hosting services that give every customer a name.
/// </summary>
internal static class SharedSuffixes
{
    private static readonly HashSet<string> SecondLevels = new(StringComparer.Ordinal)
    {
        "ac", "asso", "co", "com", "edu", "firm", "gen", "go", "gob", "gouv", "gov", "govt", "id", "in", "info", "ltd", "me", "mil", "ne", "net", "nom",
        "or", "org", "plc", "presse", "sch", "school", "web",
    };

    private static readonly string[] Hosting =
    [
        "amazonaws.com", "appspot.com", "azure-api.net", "azureedge.net", "azurefd.net", "azurewebsites.net", "b-cdn.net", "bitbucket.io", "blogspot.com",
        "cloudapp.azure.com", "cloudapp.net", "cloudflareworkers.com", "cloudfront.net", "codeberg.page", "core.windows.net", "deno.dev", "digitaloceanspaces.com",
        "edgekey.net", "elasticbeanstalk.com", "fastly.net", "firebaseapp.com", "firebaseio.com", "fly.dev", "github.io", "githubpreview.dev", "gitlab.io",
        "glitch.me", "herokuapp.com", "hf.space", "loca.lt", "neocities.org", "netlify.app", "ngrok-free.app", "ngrok.app", "ngrok.dev", "ngrok.io", "nip.io",
        "on.aws", "onrender.com", "pages.dev", "r2.dev", "railway.app", "readthedocs.io", "render.com", "repl.co", "replit.app", "replit.dev", "run.app",
        "serveo.net", "sharepoint.com", "sslip.io", "stackblitz.io", "supabase.co", "surge.sh", "trafficmanager.net", "translate.goog", "trycloudflare.com", "vercel.app",
        "web.app", "webcontainer.io", "windows.net", "wixsite.com", "workers.dev", "wordpress.com", "xip.io",
    ];

    public static bool IsShared(HostName suffix)
    {
        var labels = suffix.Text.Split('.');

        return labels.Length == 1
            || (labels.Length == 2 && labels[1].Length == 2 && SecondLevels.Contains(labels[0]))
            || Array.Exists(Hosting, h => suffix.Text == h || suffix.Text.EndsWith("." + h, StringComparison.Ordinal) || h.EndsWith("." + suffix.Text, StringComparison.Ordinal));
    }
}
