using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence.Review;

/// <summary>
/// <c>test_deleted</c>, <c>test_skipped</c>, <c>test_weakened</c>: the cheapest way to make checks pass. By what is written in test files, in the
/// usual frameworks; code that was made to behave otherwise under test is not found this way.
/// </summary>
internal static partial class TestGate
{
    public static IEnumerable<Finding> Review(ReviewRules rules, IReadOnlyList<ReviewFile> files)
    {
        var tests = files.Select(f => (File: f, Before: TestNames.In(f.Before), After: TestNames.In(f.After)))
            .Where(t => t.Before.Count > 0 || t.After.Count > 0 || IsNamedAsTest(t.File)).ToList();

        // A test that moved to another file of the same change is neither lost nor new.
        var added = tests.SelectMany(t => t.After).ToHashSet(StringComparer.Ordinal);

        foreach (var (file, before, after) in tests)
        {
            var lost = before.Except(after).Except(added).ToList();

            if (file.IsDeleted && (lost.Count > 0 || before.Count == 0))
            {
                yield return file.At("test_deleted", rules.Tests, lost.Count > 0 ? $"the file, with {Some(lost)}" : "the file");
            }
            else if (lost.Count > 0)
            {
                yield return file.At("test_deleted", rules.Tests, Some(lost));
            }

            foreach (var finding in file.IsDeleted ? [] : Weakened(rules, file))
            {
                yield return finding;
            }
        }
    }

    private static bool IsNamedAsTest(ReviewFile file) =>
        TestFile().IsMatch(file.Name)
        || (file.Name.Contains('.', StringComparison.Ordinal) && file.Path.Split('/')[..^1].Any(folder => TestFolder().IsMatch(folder)));

    private static IEnumerable<Finding> Weakened(ReviewRules rules, ReviewFile file)
    {
        var were = file.Removed.Select(l => l.Text.Trim()).ToHashSet(StringComparer.Ordinal);

        foreach (var line in file.Added.Where(l => Skip().IsMatch(l.Text) && !were.Contains(l.Text.Trim())))
        {
            yield return file.At("test_skipped", rules.Tests, line.Text.Trim(), line.Number);
        }

        foreach (var line in file.Added.Where(l => AlwaysTrue().IsMatch(l.Text) && !were.Contains(l.Text.Trim())))
        {
            yield return file.At("test_weakened", rules.Tests, $"always true: {line.Text.Trim()}", line.Number);
        }

        foreach (var line in file.Added.Where(l => CommentedOut().IsMatch(l.Text)))
        {
            yield return file.At("test_weakened", rules.Tests, $"commented out: {line.Text.Trim()}", line.Number);
        }

        var (before, after) = (Assertions(file.Removed), Assertions(file.Added));

        if (before > after)
        {
            yield return file.At("test_weakened", rules.Tests, string.Create(CultureInfo.InvariantCulture, $"{before - after} assertion(s) fewer"));
        }

        // The same assertion with another expected value: legitimate when behaviour was to change, the first thing to look at when not.
        var expected = file.Added.Where(l => Assertion().IsMatch(l.Text)).ToLookup(l => WithoutLiterals(l.Text));

        foreach (var line in file.Removed.Where(l => Assertion().IsMatch(l.Text)))
        {
            if (expected[WithoutLiterals(line.Text)].FirstOrDefault() is { Number: > 0 } now && now.Text.Trim() != line.Text.Trim() && !were.Contains(now.Text.Trim()))
            {
                yield return file.At("test_weakened", Softer(rules.Tests), $"expected value changed from {line.Text.Trim()}", now.Number);
            }
        }
    }

    private static FindingSeverity Softer(FindingSeverity severity) => severity == FindingSeverity.Block ? FindingSeverity.Ask : severity;

    private static int Assertions(IReadOnlyList<ReviewLine> lines) => lines.Count(l => Assertion().IsMatch(l.Text) && !AlwaysTrue().IsMatch(l.Text) && !CommentedOut().IsMatch(l.Text));

    private static string WithoutLiterals(string line) => Literal().Replace(line.Trim(), "_");

    private static string Some(List<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(5)) + (names.Count > 5 ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - 5} more") : "");

    [GeneratedRegex(@"^(?:tests?|specs?|__tests__|testing|[A-Za-z0-9_.-]*(?:Tests?|Specs?))$")]
    private static partial Regex TestFolder();

    [GeneratedRegex(@"^test_.*\.py$|(?:_test\.(?:go|py|rb|exs|dart|c|cc|cpp)|_spec\.rb|[.-](?:test|spec)\.[cm]?[jt]sx?|Tests?\.(?:cs|java|kt|swift|fs|vb|scala|php)|Specs?\.(?:cs|scala|kt)|IT\.java)$")]
    private static partial Regex TestFile();

    [GeneratedRegex(@"\bSkip\s*=|\bSkipWhen\b|\bAssert\.(?:Skip\w*|Ignore|Inconclusive)\b|\[Ignore\b|\[Explicit\b|@(?:Disabled|Ignore)\b|\b(?:it|test|describe|context|suite)\.(?:skip|todo|only|fixme)\b|\b[xf](?:it|describe|test)\(|@pytest\.mark\.(?:skip|skipif|xfail)|\bpytest\.(?:skip|xfail|importorskip)\(|@unittest\.(?:skip|expectedFailure)|\bself\.skipTest\(|\bt\.Skip(?:f|Now)?\(|#\[ignore\b|\bpending\(|\bthis\.skip\(|\bassumeTrue\(|#if\s+(?:false|0)\b", RegexOptions.None)]
    private static partial Regex Skip();

    [GeneratedRegex(@"\bAssert\.(?:True|IsTrue)\(\s*true\b|\bAssert\.(?:False|IsFalse)\(\s*false\b|\bassertTrue\(\s*[Tt]rue\b|\bexpect\(\s*(?:true|1)\s*\)\.(?:toBe|toEqual|toBeTruthy)\(|^\s*assert\s+(?:True|1)\b|\bassert!\(\s*true\b|\bassert\.(?:ok|True)\(\s*(?:t,\s*)?true\b|\bassert\s*\(\s*(?:true|1)\s*\)|Assert\.Pass\(", RegexOptions.None)]
    private static partial Regex AlwaysTrue();

    [GeneratedRegex(@"^\s*(?://|#(?!\[)|/\*|--)\s*(?:\[(?:Fact|Theory|Test|TestMethod)\b|Assert\.|assert\b|@Test\b|expect\(|(?:it|test)\(|def test|self\.assert|require\.|t\.(?:Error|Fatal))")]
    private static partial Regex CommentedOut();

    [GeneratedRegex(@"\bAssert\w*\.\w+|\bassert\w*[!(.]?|\bexpect\s*\(|\bshould\b|\.Should\(|\brequire\.\w+\(|\bself\.(?:assert|fail)\w*|\bt\.(?:Error|Fatal)f?\(|\bXCTAssert\w*|\bverify\w*\(", RegexOptions.None)]
    private static partial Regex Assertion();

    [GeneratedRegex(@"""(?>(?:[^""\\]|\\.)*)""?|'(?>(?:[^'\\]|\\.)*)'?|\b\d[\d_.]*\b|\b(?:true|false|True|False|null|None|nil)\b")]
    private static partial Regex Literal();
}
