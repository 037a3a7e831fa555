using System.Text.Json;

namespace Ringfence.Gateway;

/// <summary>Answers from a cassette. What is not on it is a loud miss that names the nearest exchange; there is no silent approximation.</summary>
internal sealed class CassettePlayer
{
    private readonly Lock gate = new();
    private readonly List<CassetteExchange> exchanges;
    private readonly bool[] played;
    private readonly int? liveAfter;
    private readonly Func<string, string> redact;
    private int count;

    private CassettePlayer(List<CassetteExchange> exchanges, CassetteMode.Replay mode)
    {
        this.exchanges = exchanges;
        liveAfter = mode.LiveAfter;
        redact = mode.Redact ?? (text => text);
        played = new bool[exchanges.Count];
    }

    /// <summary>Reads a cassette. A last line that was cut by a crash is left out; anything else that is not an exchange is a failure.</summary>
    public static Result<CassettePlayer> Load(CassetteMode.Replay mode)
    {
        try
        {
            var lines = File.ReadAllLines(mode.Path);
            var read = new List<CassetteExchange>();

            for (var i = 0; i < lines.Length; i++)
            {
                try
                {
                    read.Add(JsonSerializer.Deserialize(lines[i], CassetteJson.Default.CassetteExchange)!);
                }
                catch (JsonException) when (i == lines.Length - 1)
                {
                    // Cut in the middle of its last line.
                }
            }

            return new CassettePlayer(read, mode);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return new Failure("bad_cassette", $"The cassette {mode.Path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>True once the run has gone past the part that is played.</summary>
    public bool IsLive
    {
        get
        {
            lock (gate)
            {
                return count >= liveAfter;
            }
        }
    }

    /// <summary>
    /// The recorded exchange, exact before normalised, in the order of recording; an exchange that was asked for again is given again.
    /// </summary>
    public PlayedExchange? Find(string path, string request)
    {
        request = redact(request);
        var exact = CassetteKey.Exact(path, request);
        var key = CassetteKey.Of(path, request);

        lock (gate)
        {
            var match = "exact";
            var found = Next(e => e.Exact == exact);

            if (found < 0)
            {
                match = "volatile";
                found = Next(e => e.Version == CassetteKey.Version && e.Key == key);
            }

            if (found < 0)
            {
                return null;
            }

            count++;
            return new PlayedExchange(exchanges[found], found + 1, match);
        }
    }

    /// <summary>What was nearest, and where the request leaves it.</summary>
    public string Explain(string path, string request)
    {
        var asked = CassetteKey.Normalise(redact(request));
        var (best, at, recorded) = (-1, -1, "");

        for (var i = 0; i < exchanges.Count; i++)
        {
            var there = CassetteKey.Normalise(exchanges[i].Request);
            var common = asked.AsSpan().CommonPrefixLength(there);

            if (exchanges[i].Path == path && common > at)
            {
                (best, at, recorded) = (i, common, there);
            }
        }

        return best < 0
            ? $"The cassette holds no exchange with {path}."
            : $"Nothing on the cassette matches. The nearest is exchange {best + 1} of {exchanges.Count}; it differs from character {at}: "
              + $"recorded {Around(recorded, at)}, asked {Around(asked, at)}.";
    }

    private static string Around(string text, int at)
    {
        var start = Math.Max(0, at - 30);
        return Printable.Escape(text[start..Math.Min(text.Length, at + 50)]);
    }

    // The next one that has not been played, else the last that has; -1 when there is none.
    private int Next(Predicate<CassetteExchange> matches)
    {
        var repeated = -1;

        for (var i = 0; i < exchanges.Count; i++)
        {
            if (matches(exchanges[i]))
            {
                if (!played[i])
                {
                    played[i] = true;
                    return i;
                }

                repeated = i;
            }
        }

        return repeated;
    }
}

/// <param name="Number">Its place on the cassette, from 1.</param>
internal sealed record PlayedExchange(CassetteExchange Exchange, int Number, string Match);
