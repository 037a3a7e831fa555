namespace Ringfence.Agent.Tools;

/// <summary>The shortest way from one list of lines to another (Myers), or a plain replacement when that way would be too long to look for.</summary>
internal static class LineSteps
{
    private const int MostSteps = 1000;

    /// <summary>For each step <c>' '</c>, <c>'-'</c> or <c>'+'</c>.</summary>
    public static List<char> Of(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        var most = Math.Min(a.Length + b.Length, MostSteps);
        var trace = new List<int[]>();
        var furthest = new int[(2 * most) + 2];

        for (var d = 0; d <= most; d++)
        {
            trace.Add(furthest[(most - d)..(most + d + 1)]);

            for (var k = -d; k <= d; k += 2)
            {
                var x = k == -d || (k != d && furthest[most + k - 1] < furthest[most + k + 1]) ? furthest[most + k + 1] : furthest[most + k - 1] + 1;

                while (x < a.Length && x - k < b.Length && a[x] == b[x - k])
                {
                    x++;
                }

                furthest[most + k] = x;

                if (x >= a.Length && x - k >= b.Length)
                {
                    return Backtrack(trace, a.Length, b.Length, d);
                }
            }
        }

        return [.. Enumerable.Repeat('-', a.Length), .. Enumerable.Repeat('+', b.Length)];
    }

    private static List<char> Backtrack(List<int[]> trace, int x, int y, int d)
    {
        var steps = new List<char>();

        for (; d > 0; d--)
        {
            var before = trace[d];
            int At(int k) => k + d >= 0 && k + d < before.Length ? before[k + d] : -1;
            var diagonal = x - y;
            var down = diagonal == -d || (diagonal != d && At(diagonal - 1) < At(diagonal + 1));
            var from = down ? diagonal + 1 : diagonal - 1;
            var (fromX, fromY) = (At(from), At(from) - from);

            while (x > fromX && y > fromY)
            {
                steps.Add(' ');
                (x, y) = (x - 1, y - 1);
            }

            steps.Add(down ? '+' : '-');
            (x, y) = (fromX, fromY);
        }

        for (; x > 0 && y > 0; x--, y--)
        {
            steps.Add(' ');
        }

        steps.Reverse();
        return steps;
    }
}
