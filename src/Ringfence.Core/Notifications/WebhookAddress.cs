using System.Net;
using Ringfence.Egress;

namespace Ringfence.Notifications;

/// <summary>Which addresses may be told of runs. What a name leads to is looked at each time it is dialled; what can be told from the address alone is told at once.</summary>
public static class WebhookAddress
{
    public const int Longest = 2048;

    /// <summary>Why an address can be nobody's webhook: <c>bad_url</c> or <c>private_address</c>; null when it can.</summary>
    /// <param name="reachable">Private networks that may be reached all the same, also without TLS.</param>
    public static Failure? Check(string url, IReadOnlyList<IPNetwork> reachable)
    {
        if (url.Length > Longest || !Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http")
            || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            return new Failure("bad_url", $"A webhook is an https address of at most {Longest} characters, without a user or a fragment.");
        }

        var known = Known(address);
        var configured = known is not null && !AddressRange.IsMetadata(known) && reachable.Any(network => network.Contains(AddressRange.Unwrap(known)));

        return known is not null && !configured && !AddressRange.IsPublic(known)
            ? new Failure("private_address", $"{Printable.Escape(address.Host)} is in a private network, which webhooks may not reach.", "The server's policy.yaml says which they may: webhook_networks.")
            : address.Scheme == Uri.UriSchemeHttp && !configured && (known is not null || reachable.Count == 0)
            ? new Failure("bad_url", "Only https leaves this network.", "http is for the private networks of webhook_networks in the server's policy.yaml.")
            : null;
    }

    /// <summary>Where an address leads when no name has to be looked up for it.</summary>
    private static IPAddress? Known(Uri address)
    {
        var host = address.IdnHost.TrimEnd('.');

        return IPAddress.TryParse(host, out var literal) ? literal
            : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : null;
    }
}
