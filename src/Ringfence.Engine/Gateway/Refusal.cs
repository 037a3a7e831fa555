using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Ringfence.Gateway;

/// <summary>Why a request is answered by the gateway and not by the provider.</summary>
/// <param name="Status">HTTP status; for a terminal answer the one at which the calling agent stops.</param>
/// <param name="IsTerminal">Trying again cannot help: the answer says so in the way clients obey.</param>
/// <param name="RetryAfter">Seconds after which trying again may help.</param>
internal sealed record Refusal(int Status, string Code, string Message, bool IsTerminal = false, int? RetryAfter = null)
{
    public async Task AnswerAsync(HttpContext http, IModelWire wire, CancellationToken cancellationToken)
    {
        var body = wire.Error(Status, Code, Message);
        var response = http.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;

        if (IsTerminal)
        {
            // Clients built by the providers' generators obey this; agents that do not have their own status.
            response.Headers["x-should-retry"] = "false";
        }

        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(body, cancellationToken);
        await response.CompleteAsync();
    }
}
