using System.Data.Common;
using System.Text.RegularExpressions;
using Npgsql;
using Ringfence.Runs;

namespace Ringfence.Storage;

/// <summary>What differs between the two databases. Everything else is one SQL text for both.</summary>
public abstract partial class Dialect
{
    /// <summary><c>{{text column key key}}</c> and <c>{{integer column key}}</c>: a value inside a JSON column.</summary>
    [GeneratedRegex(@"\{\{(text|integer) ([\w.]+) ([\w ]+)\}\}")]
    private static partial Regex JsonWord { get; }

    internal static Dialect Sqlite { get; } = new SqliteDialect();

    internal static Dialect Postgres { get; } = new PostgresDialect();

    public abstract string Name { get; }

    /// <summary>Type of binary columns.</summary>
    public abstract string Blob { get; }

    /// <summary>An integer primary key that the database counts up.</summary>
    public abstract string Serial { get; }

    /// <summary>Table option that stores rows in the order of their primary key.</summary>
    public abstract string Clustered { get; }

    /// <summary>The value of a JSON text column at a path of object keys, as text.</summary>
    public abstract string JsonText(string column, params string[] path);

    /// <summary>Condition on a term's full text; <see cref="TextQuery"/> makes the parameter.</summary>
    internal abstract string MatchesText(string terms, string parameter);

    /// <summary>Words beside each other, in this order, as the database's own query.</summary>
    internal abstract string TextQuery(IEnumerable<string> words);

    /// <summary>Condition on the words of a run, served by their index; <see cref="WordsQuery"/> makes the parameter.</summary>
    internal abstract string MatchesWords(string runWords, string parameter);

    /// <summary>All of the words, and whatever begins with the longer ones, as the database's own query. Words are letters and digits.</summary>
    internal abstract string WordsQuery(IEnumerable<string> words);

    /// <summary>Condition that a text is one of the words, with a space between, that a parameter holds: as many as one likes in one statement.</summary>
    internal abstract string IsOneOf(string column, string parameter);

    /// <summary>Text of a migration, with the parts for the other database removed and the words of this one put in.</summary>
    internal string Translate(string template)
    {
        var lines = template.Split('\n').Where(line => !line.EndsWith($"--only {Other}", StringComparison.Ordinal));

        var text = JsonWord.Replace(string.Join('\n', lines), word =>
        {
            var value = JsonText(word.Groups[2].Value, word.Groups[3].Value.Split(' '));
            return word.Groups[1].Value == "integer" ? $"cast({value} as bigint)" : value;
        });

        return text
            .Replace($" --only {Name}", "", StringComparison.Ordinal)
            .Replace("{{blob}}", Blob, StringComparison.Ordinal)
            .Replace("{{serial}}", Serial, StringComparison.Ordinal)
            .Replace("{{clustered}}", Clustered, StringComparison.Ordinal);
    }

    /// <summary>One row: whether the database is marked as ours, how many tables it has, and whether it lists its migrations.</summary>
    internal abstract string GetState { get; }

    internal abstract string GetVersion { get; }

    internal abstract string SetVersion(long number);

    /// <summary>True when the same transaction, run again, may succeed: two writers met in an unlucky order.</summary>
    internal abstract bool IsTransient(DbException exception);

    /// <summary>The text of the same name for the other database, to leave out.</summary>
    private string Other => this == Sqlite ? Postgres.Name : Sqlite.Name;

    private sealed class SqliteDialect : Dialect
    {
        public override string Name => "sqlite";

        public override string Blob => "blob";

        public override string Serial => "integer primary key";

        public override string Clustered => "without rowid";

        public override string JsonText(string column, params string[] path) => $"({column} ->> '$.{string.Join('.', path)}')";

        internal override string MatchesText(string terms, string parameter) =>
            $"{terms}.id in (select rowid from terms_text where terms_text match {parameter})";

        internal override string TextQuery(IEnumerable<string> words) => $"\"{string.Join(' ', words)}\"";

        internal override string MatchesWords(string runWords, string parameter) =>
            $"{runWords}.number in (select rowid from run_words_text where run_words_text match {parameter})";

        internal override string WordsQuery(IEnumerable<string> words) =>
            string.Join(" AND ", words.Select(word => $"\"{word}\"{(word.Length < SearchWords.ShortestBeginning ? "" : " *")}"));

        internal override string IsOneOf(string column, string parameter) =>
            $"{column} in (select value from json_each('[\"' || replace({parameter}, ' ', '\",\"') || '\"]'))";

        internal override string GetState => $"select (select application_id = {SqliteSessions.ApplicationId} from pragma_application_id), (select count(*) from sqlite_schema), (select count(*) from sqlite_schema where name = 'ringfence_migrations')";

        internal override string GetVersion => "select user_version from pragma_user_version";

        internal override string SetVersion(long number) =>
            $"pragma application_id = {SqliteSessions.ApplicationId}; pragma user_version = {number}";

        // BEGIN IMMEDIATE has waited for the lock already: busy afterwards means that another process holds it longer than we wait.
        internal override bool IsTransient(DbException exception) => false;
    }

    private sealed class PostgresDialect : Dialect
    {
        public override string Name => "postgres";

        public override string Blob => "bytea";

        public override string Serial => "bigint generated by default as identity primary key";

        public override string Clustered => "";

        public override string JsonText(string column, params string[] path) => $"({column}::json #>> '{{{string.Join(',', path)}}}')";

        internal override string MatchesText(string terms, string parameter) =>
            $"to_tsvector('simple', regexp_replace({terms}.text, '[^[:alnum:]]+', ' ', 'g')) @@ phraseto_tsquery('simple', {parameter})";

        internal override string TextQuery(IEnumerable<string> words) => string.Join(' ', words);

        // Asked through a query of its own, the words are not known when the plan is made. The planner takes the beginning of a word for common, and
        // would read the whole table for a rare one.
        internal override string MatchesWords(string runWords, string parameter) =>
            $"array_to_tsvector(string_to_array({runWords}.words, ' ')) @@ (select cast({parameter} as tsquery))";

        internal override string WordsQuery(IEnumerable<string> words) =>
            string.Join(" & ", words.Select(word => $"'{word}'{(word.Length < SearchWords.ShortestBeginning ? "" : ":*")}"));

        internal override string IsOneOf(string column, string parameter) => $"{column} = any(string_to_array({parameter}, ' '))";

        internal override string GetState => """
            select case when to_regclass('ringfence_migrations') is null then 0::bigint else 1::bigint end,
                   (select count(*) from pg_tables where schemaname = current_schema()),
                   case when to_regclass('ringfence_migrations') is null then 0::bigint else 1::bigint end
            """;

        internal override string GetVersion => "select max(number) from ringfence_migrations";

        // The list of migrations says it.
        internal override string SetVersion(long number) => "";

        internal override bool IsTransient(DbException exception) =>
            exception is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };
    }
}
