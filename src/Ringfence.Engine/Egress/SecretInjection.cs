using System.Text;
using Ringfence.Secrets;

namespace Ringfence.Egress;

/// <summary>Puts values where placeholders stand, in the one header and for the hosts that were granted, and notices placeholders anywhere else.</summary>
internal sealed class SecretInjection(BrokeredSecrets secrets)
{
    private const string Basic = "Basic ";

    /// <summary>The header's value for upstream, and which secrets were put into it.</summary>
    public string Apply(string header, string value, HostName host, int port, ICollection<BrokeredSecret> used)
    {
        foreach (var secret in secrets.All.Where(s => s.Header.Equals(header, StringComparison.OrdinalIgnoreCase) && s.GoesTo(host, port)))
        {
            var replaced = Replace(value, secret.Secret);

            if (!ReferenceEquals(replaced, value))
            {
                used.Add(secret);
                value = replaced;
            }
        }

        return value;
    }

    /// <summary>Secrets whose placeholder is in this text, plainly or in Basic credentials.</summary>
    public IEnumerable<BrokeredSecret> PlaceholdersIn(string text) =>
        secrets.All.Where(s => !ReferenceEquals(Replace(text, s.Secret), text));

    private static string Replace(string value, SecretValue secret)
    {
        if (value.Contains(secret.Placeholder, StringComparison.Ordinal))
        {
            return value.Replace(secret.Placeholder, secret.Value, StringComparison.Ordinal);
        }

        // git and package feeds send name:token as Basic credentials.
        if (!value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return value;
        }

        var buffer = new byte[value.Length];

        if (!Convert.TryFromBase64String(value[Basic.Length..].Trim(), buffer, out var length))
        {
            return value;
        }

        var credentials = Encoding.UTF8.GetString(buffer, 0, length);
        return credentials.Contains(secret.Placeholder, StringComparison.Ordinal)
            ? Basic + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials.Replace(secret.Placeholder, secret.Value, StringComparison.Ordinal)))
            : value;
    }
}
