namespace Ringfence.Budgets;

/// <summary>The arithmetic of a grant, the same for every store.</summary>
internal static class LedgerRules
{
    /// <summary>The limit of a scope, nano-dollars; null is unlimited.</summary>
    /// <param name="rule">What an operator set for it; null when nobody did.</param>
    public static long? Limit(ScopeLimit scope, long? rule) => (scope.Limit?.Nanodollars, rule) switch
    {
        (var asked, null) => asked,
        (null, _) => rule,
        ({ } asked, { } allowed) => scope.IsOwn ? allowed : Math.Min(asked, allowed),
    };

    /// <summary>What each scope is granted: at least its least and at most its most, or nothing for all when one cannot have its least.</summary>
    /// <param name="scopes">For each scope what is asked and what is left: limit less spent less held; null is unlimited.</param>
    public static long[] Grants(IReadOnlyList<(long Least, long Most, long? Left, bool Stopped)> scopes)
    {
        var grants = new long[scopes.Count];

        for (var i = 0; i < scopes.Count; i++)
        {
            var (least, most, left, stopped) = scopes[i];

            if (least > 0 && (stopped || least > left))
            {
                return new long[scopes.Count];
            }

            // Ahead of need at most an eighth of what is left, so that other gateways find something.
            var ahead = Math.Max(0, Math.Min(most - least, ((left ?? long.MaxValue) - least) / 8));
            grants[i] = least + ahead;
        }

        return grants;
    }
}
